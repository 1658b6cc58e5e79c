//! A server of the MongoDB protocol. Production runs MongoDB itself; the code uses only what both have.

use std::fs;
use std::process::{Command, Stdio};

use super::{Site, Store};
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{make_dir, write_file};
use crate::ports::{Port, Ports};
use crate::process::{Process, listens};
use crate::setup::jars::MONGO;
use crate::setup::tools;

const LAUNCHER: &str = include_str!("../java/MongoServer.java");

pub(super) struct Mongo;

impl Store for Mongo {
    fn name(&self) -> &'static str {
        "mongo"
    }

    fn port(&self) -> Port {
        Port::Mongo
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![("COLINK_MONGO_URL", format!("mongodb://{}/?retryWrites=false", ports.address(Port::Mongo)))]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let data = site.layout.data_dir("mongo");
        make_dir(&data)?;
        let jars = MONGO.class_path(&site.layout);
        let classes = compile(site, &jars)?;
        let port = site.ports.of(Port::Mongo);
        let logging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
        let args = ["-Xmx256m", "-XX:+UseSerialGC", site.jit(), logging, "-cp"].map(str::to_owned);
        let file = data.join("data.mv").display().to_string();
        Ok(Process {
            name: "mongo".to_owned(),
            program: tools::require("java")?,
            args: args
                .into_iter()
                .chain([format!("{classes}:{jars}"), "MongoServer".to_owned(), file, port.to_string()])
                .collect(),
            env: Vec::new(),
            account: None,
            ports: vec![port],
            config: String::new(),
        })
    }

    fn ready(&self, site: &Site) -> bool {
        listens(site.ports.of(Port::Mongo))
    }
}

/// Compiles the launcher when it changed, and answers the folder with its classes.
fn compile(site: &Site, jars: &str) -> Outcome<String> {
    let dir = site.layout.state.join("java");
    let source = dir.join("MongoServer.java");
    let classes = dir.display().to_string();
    let fresh = fs::read_to_string(&source).is_ok_and(|text| text == LAUNCHER);
    if fresh && dir.join("MongoServer.class").is_file() {
        return Ok(classes);
    }
    make_dir(&dir)?;
    write_file(&source, LAUNCHER)?;
    let output = Command::new(tools::require("javac")?)
        .args(["-cp", jars, "-d", &classes])
        .arg(&source)
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run javac".to_owned())?;
    if output.status.success() {
        return Ok(classes);
    }
    Err(Failure::new(format!(
        "javac refused the launcher: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}
