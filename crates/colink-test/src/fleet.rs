//! The built binaries as processes, for journeys: several nodes, kill -9, restart on the same port.
//!
//! A fleet is configured the way a deployment is: fleet-wide `COLINK__…` variables for what is shared, and
//! `COLINK_<SERVICE>__…` for what belongs to one service. Ports are chosen before the first process starts, so that every
//! process knows every address.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;

use toml::Table;

use crate::client::Client;
use crate::database::TestDatabase;
use crate::environment::Environment;
use crate::free_port::free_address;
use crate::identity::{AUDIENCE, ISSUER};
use crate::leftovers;
use crate::node::{Binary, Node};
use crate::stage::{BUCKET, INTERNAL_SECRET, SEALING_KEYS, Stage};

/// The processes of one journey. Dropping it kills them, removes their data, and keeps their logs if the test failed.
#[derive(Debug)]
pub struct Fleet {
    stage: Stage,
    folder: PathBuf,
    nodes: Vec<Node>,
    databases: Vec<TestDatabase>,
    has_mongo: Vec<String>,
}

/// A fleet that is not started yet.
#[derive(Debug)]
#[must_use = "a fleet starts with `start`"]
pub struct FleetPlan {
    stage: Stage,
    members: Vec<Member>,
    fleet_wide: Vec<(String, String)>,
}

#[derive(Debug)]
struct Member {
    service: String,
    /// The service's name, with `-2` and so on for further nodes of it.
    node: String,
    address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl Fleet {
    /// A plan for a fleet on `stage`.
    pub fn on(stage: &Stage) -> FleetPlan {
        FleetPlan { stage: stage.clone(), members: Vec::new(), fleet_wide: Vec::new() }
    }

    /// A node by name: `messaging`, `presence-2`.
    ///
    /// # Panics
    /// When the fleet has no such node.
    pub fn node(&mut self, name: &str) -> &mut Node {
        self.nodes.iter_mut().find(|node| node.name() == name).unwrap_or_else(|| panic!("no node {name}"))
    }

    /// A client of a node, without a token.
    ///
    /// # Panics
    /// When the fleet has no such node.
    pub fn client(&mut self, name: &str) -> Client {
        Client::new(self.node(name).base_url())
    }

    /// The database of a service, for assertions.
    ///
    /// # Panics
    /// When the service has none.
    #[must_use]
    pub fn database(&self, service: &str) -> &TestDatabase {
        let suffix = format!("_{}", service.replace('-', "_"));
        let found = self.databases.iter().find(|database| database.name().ends_with(&suffix));
        found.unwrap_or_else(|| panic!("{service} has no database"))
    }

    /// The stage: identity, topics.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Where the logs are, one file a node.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.folder
    }
}

impl FleetPlan {
    /// Adds a node of `service`; again for a second node.
    ///
    /// # Panics
    /// When no port is free.
    pub fn with(mut self, service: &str) -> Self {
        let already = self.members.iter().filter(|member| member.service == service).count();
        let node = if already == 0 { service.to_owned() } else { format!("{service}-{}", already + 1) };
        let (service, address) = (service.to_owned(), free_address());
        self.members.push(Member { service, node, address, variables: Vec::new() });
        self
    }

    /// Sets a key of the node added last: `.set("limits.per_minute", "5")`.
    ///
    /// # Panics
    /// When no node was added.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        let member = self.members.last_mut().expect("a node to configure: call `with` first");
        member.variables.push((variable(&member.service, key), value.to_owned()));
        self
    }

    /// Sets a key of every node of `service` that was added.
    pub fn set_of(mut self, service: &str, key: &str, value: &str) -> Self {
        let of_service = self.members.iter_mut().filter(|member| member.service == service);
        of_service.for_each(|member| member.variables.push((variable(service, key), value.to_owned())));
        self
    }

    /// Sets a shared key for every node that has its section.
    pub fn set_all(mut self, key: &str, value: &str) -> Self {
        self.fleet_wide.push((variable("", key), value.to_owned()));
        self
    }

    /// Migrates, starts every node and waits until all are ready.
    ///
    /// # Panics
    /// When a binary is not built, a migration fails or a node does not become ready; the end of its log is in the message.
    pub async fn start(self) -> Fleet {
        let folder = Binary::folder().join("journeys").join(self.stage.name());
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut fleet = Fleet {
            stage: self.stage.clone(),
            folder,
            nodes: Vec::new(),
            databases: Vec::new(),
            has_mongo: Vec::new(),
        };
        let shared = self.shared_variables();
        let places = self.places();
        let mut stores: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for member in self.members {
            let first = !stores.contains_key(&member.service);
            if first {
                let variables = fleet.own_variables(&member.service, &places).await;
                stores.insert(member.service.clone(), variables);
            }
            let mut variables = shared.clone();
            variables.extend(stores.get(&member.service).into_iter().flatten().cloned());
            variables.push((variable(&member.service, "server.bind"), member.address.to_string()));
            variables.extend(member.variables);
            let log = fleet.folder.join(format!("{}.log", member.node));
            let mut node =
                Node::new(Binary::of(&member.service), member.node, member.address, variables, log);
            if first {
                node.migrate().await;
            }
            node.start();
            fleet.nodes.push(node);
        }
        for node in &mut fleet.nodes {
            node.ready().await;
        }
        fleet
    }

    fn shared_variables(&self) -> Vec<(String, String)> {
        let (stage, environment) = (&self.stage, Environment::get());
        let address = |service: &str| self.members.iter().find(|member| member.service == service);
        let jwks_url = match address("auth") {
            Some(auth) => format!("http://{}/.well-known/jwks.json", auth.address),
            None => stage.identity().jwks_url(),
        };
        let mut variables = vec![
            (variable("", "auth.issuer"), ISSUER.to_owned()),
            (variable("", "auth.audience"), AUDIENCE.to_owned()),
            (variable("", "auth.jwks_url"), jwks_url),
            (variable("", "internal.secret"), INTERNAL_SECRET.to_owned()),
            (variable("", "secrets.keys"), SEALING_KEYS.to_owned()),
            (variable("", "telemetry.log_level"), "info".to_owned()),
            (variable("", "redis.url"), environment.redis().to_owned()),
            (variable("", "redis.prefix"), stage.redis_prefix()),
            (variable("", "kafka.brokers"), environment.kafka().to_owned()),
            (variable("", "kafka.topic_prefix"), stage.topic_prefix().to_owned()),
            (variable("", "kafka.group_prefix"), format!("{}.", stage.name())),
        ];
        // Nobody asks the gateway.
        for (service, address) in self.places().into_iter().filter(|(service, _)| service != "gateway") {
            variables.push((variable("", &format!("internal.{service}_url")), format!("http://{address}")));
        }
        variables.extend(self.fleet_wide.iter().cloned());
        variables
    }

    /// Each service with the address of its first node.
    fn places(&self) -> Vec<(String, SocketAddr)> {
        let first = self.members.iter().filter(|member| member.service == member.node);
        first.map(|member| (member.service.clone(), member.address)).collect()
    }
}

impl Fleet {
    /// The variables of one service's own sections, which its `config.toml` lists: stores, mail, upstreams.
    async fn own_variables(
        &mut self,
        service: &str,
        places: &[(String, SocketAddr)],
    ) -> Vec<(String, String)> {
        let environment = Environment::get();
        let path = environment.root().join("services").join(service).join("config.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let sections: Table =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut variables = Vec::new();
        let mut set = |key: &str, value: &str| variables.push((variable(service, key), value.to_owned()));
        if sections.contains_key("postgres") {
            let database = TestDatabase::empty(service).await;
            set("postgres.url", &database.url());
            self.databases.push(database);
        }
        if sections.contains_key("mongo") {
            set("mongo.url", environment.mongo());
            set("mongo.database", &self.stage.mongo_database(service));
            self.has_mongo.push(service.to_owned());
        }
        if sections.contains_key("s3") {
            set("s3.endpoint", environment.value("COLINK_S3_ENDPOINT"));
            set("s3.access_key", environment.value("COLINK_S3_ACCESS_KEY"));
            set("s3.secret_key", environment.value("COLINK_S3_SECRET_KEY"));
            set("s3.bucket", BUCKET);
        }
        if sections.contains_key("mail") {
            set("mail.smtp_url", environment.value("COLINK_SMTP_URL"));
        }
        for (place, address) in places {
            let default = sections.get("upstreams").and_then(|upstreams| upstreams.get(place));
            if let Some(default) = default.and_then(toml::Value::as_str) {
                let scheme = if default.starts_with("http://") { "http://" } else { "" };
                set(&format!("upstreams.{place}"), &format!("{scheme}{address}"));
            }
        }
        if sections.contains_key("kafka") {
            self.stage.ensure_topics().await;
        }
        variables
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.nodes.clear();
        let (databases, mongo) = (std::mem::take(&mut self.databases), std::mem::take(&mut self.has_mongo));
        let stage = self.stage.clone();
        let removal = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                for database in databases {
                    leftovers::remove(Some(database), None, None).await;
                }
                for service in mongo {
                    leftovers::remove(None, None, Some(stage.mongo_database(&service))).await;
                }
                leftovers::remove(None, Some(stage.redis_prefix()), None).await;
            });
        });
        // What could not be removed is swept by the next run.
        let _ = removal.join();
        if !thread::panicking() {
            // Logs of a test that passed are of no use to anybody.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// `COLINK__SECTION__KEY`, or `COLINK_<SERVICE>__SECTION__KEY`.
fn variable(service: &str, key: &str) -> String {
    let separator = if service.is_empty() { "" } else { "_" };
    format!("COLINK{separator}{}__{}", service.replace('-', "_"), key.replace('.', "__")).to_ascii_uppercase()
}
