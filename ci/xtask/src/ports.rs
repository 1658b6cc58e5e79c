//! Ports: one base plus a fixed offset each, so that two checkouts can run side by side.

use std::fs;

use crate::failure::{Failure, Outcome};
use crate::layout::{Layout, write_file};

/// The base when none is asked for.
pub(crate) const DEFAULT_BASE: u16 = 15_000;

/// The highest offset in use; the base must leave room for it.
const SPAN: u16 = 40;

/// Something that listens; its offset from the base is fixed for ever, people bookmark these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// REST and sockets for the outside.
    Gateway = 0,
    /// Users, sessions, keys.
    Auth = 1,
    /// Workspaces and channels.
    Channels = 2,
    /// Messages.
    Messaging = 3,
    /// Sockets.
    Presence = 4,
    /// File metadata.
    Files = 5,
    /// The index.
    Search = 6,
    /// Audit log and operations.
    Admin = 7,
    /// PostgreSQL.
    Postgres = 20,
    /// Redis.
    Redis = 21,
    /// Kafka, for clients.
    Kafka = 22,
    /// Kafka's own quorum.
    KafkaController = 23,
    /// The MongoDB protocol.
    Mongo = 24,
    /// The S3 protocol.
    S3 = 25,
    /// Mail goes in.
    Smtp = 26,
    /// Mail is read.
    MailApi = 27,
    /// OpenID Connect, only where it is wanted.
    Keycloak = 28,
}

/// The ports of this checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    base: u16,
}

impl Ports {
    /// Ports above `base`, which must leave room for every offset and be above the privileged range.
    pub(crate) fn new(base: u16) -> Outcome<Self> {
        if (1024..=u16::MAX - SPAN).contains(&base) {
            return Ok(Self { base });
        }
        Err(Failure::new(format!("--port-base {base} is out of range: choose 1024 to {}", u16::MAX - SPAN)))
    }

    /// The base asked for, else the one asked for last in this checkout, else the default.
    pub(crate) fn choose(layout: &Layout, asked: Option<u16>) -> Outcome<Self> {
        let file = layout.state.join("port-base");
        let last = || fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
        let ports = Self::new(asked.or_else(last).unwrap_or(DEFAULT_BASE))?;
        if asked.is_some() {
            write_file(&file, &format!("{}\n", ports.base))?;
        }
        Ok(ports)
    }

    /// The number of `port`.
    pub(crate) fn of(self, port: Port) -> u16 {
        self.base + port as u16
    }

    /// `127.0.0.1:<number>`.
    pub(crate) fn address(self, port: Port) -> String {
        format!("127.0.0.1:{}", self.of(port))
    }

    /// `http://127.0.0.1:<number>`.
    pub(crate) fn http(self, port: Port) -> String {
        format!("http://{}", self.address(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_added_to_the_base() {
        let ports = Ports::new(16_000).unwrap();
        assert_eq!(ports.of(Port::Gateway), 16_000);
        assert_eq!(ports.address(Port::Kafka), "127.0.0.1:16022");
        assert_eq!(ports.http(Port::MailApi), "http://127.0.0.1:16027");
    }

    #[test]
    fn a_base_without_room_is_refused() {
        assert!(Ports::new(1023).is_err());
        assert!(Ports::new(1024).is_ok());
        assert!(Ports::new(u16::MAX - SPAN).is_ok());
        assert!(Ports::new(u16::MAX - SPAN + 1).is_err());
    }
}
