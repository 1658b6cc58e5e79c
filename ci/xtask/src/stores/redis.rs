//! Redis, with an append-only file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Site, Store};
use crate::failure::Outcome;
use crate::layout::make_dir;
use crate::ports::{Port, Ports};
use crate::process::Process;
use crate::setup::tools;

pub(super) struct Redis;

impl Store for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn port(&self) -> Port {
        Port::Redis
    }

    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)> {
        vec![("COLINK_REDIS_URL", format!("redis://{}", ports.address(Port::Redis)))]
    }

    fn prepare(&self, site: &Site) -> Outcome<Process> {
        let data = site.layout.data_dir("redis");
        make_dir(&data)?;
        let port = site.ports.of(Port::Redis);
        let data = data.display().to_string();
        let args =
            ["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", &data, "--appendonly", "yes"]
                .iter()
                .chain(&["--appendfsync", "everysec", "--save", "", "--daemonize", "no"])
                .map(|word| (*word).to_owned())
                .collect();
        Ok(Process {
            name: "redis".to_owned(),
            program: tools::require("redis-server")?,
            args,
            env: Vec::new(),
            account: None,
            ports: vec![port],
            config: String::new(),
        })
    }

    fn ready(&self, site: &Site) -> bool {
        ping(site.ports.of(Port::Redis)).unwrap_or(false)
    }
}

fn ping(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(500))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG")
}
