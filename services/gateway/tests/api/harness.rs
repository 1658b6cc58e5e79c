//! A gateway and the services behind it.

use colink_test::{Client, Settings, Stage, TestService, TestUser};
use gateway::Gateway;

use crate::stub::Stub;

/// Every service that the gateway forwards to.
pub const SERVICES: [&str; 7] = ["auth", "channels", "messaging", "presence", "files", "search", "admin"];

/// A gateway; one stub plays all services behind it.
pub struct Edge {
    pub service: TestService<Gateway>,
    pub stage: Stage,
    pub stub: Stub,
}

impl Edge {
    pub async fn start() -> Self {
        Self::start_with(|settings| settings).await
    }

    /// A gateway with some settings of its own.
    pub async fn start_with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let (stage, stub) = (Stage::new(), Stub::start("fleet"));
        let service = stage.start::<Gateway>(change(behind(&stub.authority()))).await;
        Self { service, stage, stub }
    }

    pub fn user(&self, name: &str) -> TestUser {
        self.stage.identity().user(name)
    }

    /// A client of a new user.
    pub fn client(&self) -> Client {
        self.service.client(&self.user("ann"))
    }

    /// The value of a counter or gauge; 0 when it is not there.
    pub async fn metric(&self, name: &str, label: &str) -> f64 {
        let answer = self.service.anonymous().get("/metrics").await.expect(200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let line = text.lines().find(|line| line.starts_with(name) && line.contains(label));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }
}

/// A configuration whose services are all at `authority`.
pub fn behind(authority: &str) -> Settings {
    SERVICES
        .iter()
        .fold(Settings::new(), |settings, name| settings.set(&format!("upstreams.{name}"), authority))
}

/// An address at which nothing listens.
pub fn closed_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
