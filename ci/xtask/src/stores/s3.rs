//! A server of the S3 protocol over a folder: buckets are folders in it.

use super::{Site, Store};
use crate::failure::Outcome;
use crate::http;
use crate::layout::{make_dir, write_file};
use crate::ports::{Port, Ports};
use crate::process::Process;
use crate::setup::jars::S3PROXY;
use crate::setup::tools;

/// The bucket of the files service.
pub(crate) const BUCKET: &str = "colink-files";

const ACCESS_KEY: &str = "colink";
const SECRET_KEY: &str = "colink-secret";

/// Without a file of its own logback writes every debug line.
const LOGBACK: &str = r#"<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="warn"><appender-ref ref="out"/></root>
</configuration>
"#;

pub(super) struct S3;

impl Store for S3 {
    fn name(&self) -> &'static str {
        "s3"
    }

    fn port(&self) -> Port {
        Port::S3
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![
            ("COLINK_S3_ENDPOINT", ports.http(Port::S3)),
            ("COLINK_S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("COLINK_S3_SECRET_KEY", SECRET_KEY.to_owned()),
        ]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let data = site.layout.data_dir("s3");
        let objects = data.join("objects");
        make_dir(&objects.join(BUCKET))?;
        let properties = data.join("s3proxy.properties");
        let config = server_properties(site, &objects.display().to_string());
        write_file(&properties, &config)?;
        let logback = data.join("logback.xml");
        write_file(&logback, LOGBACK)?;
        let logging = format!("-Dlogback.configurationFile={}", logback.display());
        let class_path = S3PROXY.class_path(&site.layout);
        let args = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", &logging, "-cp", &class_path]
            .into_iter()
            .chain(["org.gaul.s3proxy.Main", "--properties"])
            .map(str::to_owned)
            .chain([properties.display().to_string()])
            .collect();
        Ok(Process {
            name: "s3".to_owned(),
            program: tools::require("java")?,
            args,
            env: Vec::new(),
            account: None,
            ports: vec![site.ports.of(Port::S3)],
            config,
        })
    }

    fn ready(&self, site: &Site) -> bool {
        http::get(&site.ports.http(Port::S3)).is_ok()
    }
}

/// Without `ignore-unknown-headers` the checksums that SDKs send by default are answered with 501.
fn server_properties(site: &Site, objects: &str) -> String {
    format!(
        "s3proxy.endpoint={}\n\
         s3proxy.authorization=aws-v2-or-v4\n\
         s3proxy.identity={ACCESS_KEY}\n\
         s3proxy.credential={SECRET_KEY}\n\
         s3proxy.cors-allow-all=true\n\
         s3proxy.ignore-unknown-headers=true\n\
         jclouds.provider=filesystem-nio2\n\
         jclouds.filesystem.basedir={objects}\n",
        site.ports.http(Port::S3)
    )
}
