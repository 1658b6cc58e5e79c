#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test harness: a broken assumption fails the test where it is noticed"
)]

mod bounds;
mod client;
mod database;
mod document;
mod environment;
mod eventually;
mod fleet;
mod foreign_ids;
mod forgery;
mod free_port;
mod identity;
mod janitor;
mod keycloak;
mod keyed_writes;
mod leftovers;
mod local_server;
mod log_watch;
mod logging;
mod mailbox;
mod names;
mod node;
mod probe;
mod refusals;
mod scopes;
mod secret_search;
mod service;
mod settings;
mod socket;
mod stage;
mod stored;
mod topic_dump;
mod topics;

pub use bounds::{BoundException, assert_bounds};
pub use client::{Answer, Client, Request};
pub use database::TestDatabase;
pub use environment::Environment;
pub use eventually::{SOON, eventually};
pub use fleet::{Fleet, FleetPlan};
pub use foreign_ids::{Foreign, Told, assert_foreign_ids};
pub use forgery::{Forgery, forgeries};
pub use identity::{AUDIENCE, ISSUER, Mint, TestIdentity, TestUser, service_token};
pub use keycloak::{Keycloak, Visitor};
pub use keyed_writes::assert_idempotency_keys;
pub use local_server::LocalServer;
pub use mailbox::{Mail, Mailbox};
pub use names::unique;
pub use node::Node;
pub use probe::KafkaProbe;
pub use refusals::{BadToken, assert_refusals};
pub use scopes::{Needs, assert_scopes};
pub use secret_search::{Leak, SecretSearch};
pub use service::TestService;
pub use settings::Settings;
pub use socket::{Incoming, Socket};
pub use stage::{BUCKET, INTERNAL_SECRET, SEALING_KEYS, Stage};
pub use topic_dump::{Record, dump_topics};
