//! Apache Kafka: one KRaft node that is broker and controller.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Site, Store};
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{make_dir, write_file};
use crate::ports::{Port, Ports};
use crate::process::Process;
use crate::setup::jars::KAFKA;
use crate::setup::tools;

/// Base64url of 16 bytes, as `StorageTool` wants it; each checkout has its own log folder, so it may be constant.
const CLUSTER_ID: &str = "Y29saW5rLWRldi1ub2RlMQ";

const JVM: &[&str] = &[
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

const HEAP: &[&str] = &["-Xmx512m"];
/// More like what a broker has that runs for months. A young collection stops it for 20 to 110 ms here, whatever the size, because
/// what is under way has to be found all over the heap; with the one above that comes every 7 s at 200 posts a second.
const MEASURED_HEAP: &[&str] = &["-Xmx1536m", "-Xmn1g", "-XX:+UseTransparentHugePages"];

pub(super) struct Kafka;

impl Store for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn port(&self) -> Port {
        Port::Kafka
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![("COLINK_KAFKA_BROKERS", ports.address(Port::Kafka))]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let data = site.layout.data_dir("kafka");
        make_dir(&data)?;
        let properties = data.join("server.properties");
        let config = server_properties(&data, site.ports);
        write_file(&properties, &config)?;
        let java = tools::require("java")?;
        let class_path = KAFKA.class_path(&site.layout);
        if !data.join("log/meta.properties").is_file() {
            format(&java, &class_path, &properties)?;
        }
        let class = [site.jit(), "-cp", &class_path, "kafka.Kafka"];
        let heap = if site.measured { MEASURED_HEAP } else { HEAP };
        let args = JVM.iter().chain(heap).copied().chain(class).map(str::to_owned);
        Ok(Process {
            name: "kafka".to_owned(),
            program: java,
            args: args.chain([properties.display().to_string()]).collect(),
            env: Vec::new(),
            account: None,
            ports: vec![site.ports.of(Port::Kafka), site.ports.of(Port::KafkaController)],
            config,
        })
    }

    fn ready(&self, site: &Site) -> bool {
        brokers(site.ports.of(Port::Kafka)).is_ok_and(|count| count > 0)
    }
}

fn server_properties(data: &Path, ports: Ports) -> String {
    let client = ports.address(Port::Kafka);
    let controller = ports.address(Port::KafkaController);
    let log = data.join("log");
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@{controller}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://{client},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{client}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         num.partitions=12\n\
         auto.create.topics.enable=false\n\
         delete.topic.enable=true\n\
         file.delete.delay.ms=1000\n\
         broker.session.timeout.ms=5000\n\
         broker.heartbeat.interval.ms=1000\n\
         group.initial.rebalance.delay.ms=0\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         share.coordinator.state.topic.num.partitions=1\n\
         min.insync.replicas=1\n\
         log.index.size.max.bytes=1048576\n\
         log.cleaner.dedupe.buffer.size=16777216\n",
        log.display()
    )
}

fn format(java: &Path, class_path: &str, properties: &Path) -> Outcome<()> {
    let output = Command::new(java)
        .args(JVM)
        .args(["-cp", class_path, "kafka.tools.StorageTool", "format", "--ignore-formatted"])
        .args(["--cluster-id", CLUSTER_ID, "--config"])
        .arg(properties)
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run java".to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Failure::new(format!(
        "Kafka could not prepare its folder: {}",
        String::from_utf8_lossy(&text).trim()
    )))
}

/// How many brokers take part, by a Metadata request of version 1 for no topics
/// (<https://kafka.apache.org/protocol>). A socket that opens is not enough: a fenced broker refuses new topics.
fn brokers(port: u16) -> std::io::Result<i32> {
    let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(500))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(&metadata_request())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let [_, _, _, _, _, _, _, _, count @ ..] = head;
    Ok(i32::from_be_bytes(count))
}

fn metadata_request() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(3_i16.to_be_bytes());
    body.extend(1_i16.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(5_i16.to_be_bytes());
    body.extend(b"xtask");
    body.extend(0_i32.to_be_bytes());
    let mut request = u32::try_from(body.len()).unwrap_or_default().to_be_bytes().to_vec();
    request.extend(body);
    request
}
