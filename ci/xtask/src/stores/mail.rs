//! A mail catcher: takes every mail, delivers none, shows them at `GET /api/user/{address}/messages`.

use super::{Site, Store};
use crate::failure::Outcome;
use crate::http;
use crate::ports::{Port, Ports};
use crate::process::Process;
use crate::setup::jars::GREENMAIL;
use crate::setup::tools;

pub(super) struct Mail;

impl Store for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn port(&self) -> Port {
        Port::Smtp
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![
            ("COLINK_SMTP_URL", format!("smtp://{}", ports.address(Port::Smtp))),
            ("COLINK_MAIL_API_URL", ports.http(Port::MailApi)),
        ]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let (smtp, api) = (site.ports.of(Port::Smtp), site.ports.of(Port::MailApi));
        let listen = |service: &str, port: u16| {
            [
                format!("-Dgreenmail.{service}.hostname=127.0.0.1"),
                format!("-Dgreenmail.{service}.port={port}"),
            ]
        };
        let args = ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dgreenmail.auth.disabled"]
            .map(str::to_owned)
            .into_iter()
            .chain(listen("smtp", smtp))
            .chain(listen("api", api))
            .chain(["-cp".to_owned(), GREENMAIL.class_path(&site.layout)])
            .chain(["com.icegreen.greenmail.standalone.GreenMailStandaloneRunner".to_owned()])
            .collect();
        Ok(Process {
            name: "mail".to_owned(),
            program: tools::require("java")?,
            args,
            env: Vec::new(),
            account: None,
            ports: vec![smtp, api],
            config: String::new(),
        })
    }

    fn ready(&self, site: &Site) -> bool {
        let url = format!("{}/api/service/readiness", site.ports.http(Port::MailApi));
        http::get(&url).is_ok_and(|answer| answer.status == 200)
    }
}
