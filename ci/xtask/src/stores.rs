//! The backing services: real servers, started as local processes, all at once.
//!
//! An address in the environment wins: what is managed elsewhere (or by compose) is used as it is and not started.

mod kafka;
mod keycloak;
mod mail;
mod mongo;
mod postgres;
mod redis;
mod s3;

use std::time::Duration;

use crate::env_file;
use crate::failure::{Failure, Outcome};
use crate::layout::{Layout, environment, write_file};
use crate::ports::{Port, Ports};
use crate::process::{Origin, Process};
use crate::step::Step;
use crate::{lock, pid_file, stop};

pub(crate) use postgres::elsewhere as postgres_elsewhere;
pub(crate) use s3::BUCKET;

/// A cold JVM on a busy machine takes a while.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// One checkout and its ports.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// Its folders.
    pub(crate) layout: Layout,
    /// Its ports.
    pub(crate) ports: Ports,
    /// Whether Keycloak is wanted too: half a minute and half a gigabyte.
    pub(crate) sso: bool,
    /// Whether the stores are measured.
    pub(crate) measured: bool,
}

impl Site {
    /// How thoroughly a store's JVM compiles. Mostly it lives minutes, and the threads of its second compiler would fight with
    /// cargo for the processors; what is measured runs as it would for months.
    fn jit(&self) -> &'static str {
        if self.measured { "-XX:+TieredCompilation" } else { "-XX:TieredStopAtLevel=1" }
    }

    /// The backing services that are wanted, or run already.
    fn stores(&self) -> impl Iterator<Item = &'static dyn Store> {
        let keycloak: &'static dyn Store = &keycloak::Keycloak;
        let sso = self.sso || pid_file::running(&self.layout, keycloak.name()).is_some();
        sso.then_some(keycloak).into_iter().chain(ALL.iter().copied())
    }
}

/// A backing service.
pub(crate) trait Store: Sync {
    /// Its name in pid files, logs and messages.
    fn name(&self) -> &'static str;

    /// Where clients find it.
    fn port(&self) -> Port;

    /// What `.colink/env` says about it when it runs here. The first line is the address that may be given instead.
    fn settings(&self, ports: Ports) -> Vec<(&'static str, String)>;

    /// Writes its configuration, prepares its data folder, and answers the command to run.
    fn prepare(&self, site: &Site) -> Outcome<Process>;

    /// Whether it answers its own protocol.
    fn ready(&self, site: &Site) -> bool;
}

/// Those that are always there, in the order in which they are stopped; Keycloak comes before them.
const ALL: &[&dyn Store] =
    &[&kafka::Kafka, &mongo::Mongo, &s3::S3, &mail::Mail, &redis::Redis, &postgres::Postgres];

/// The names of all backing services, in the order in which they are stopped.
pub(crate) fn names() -> Vec<&'static str> {
    every().map(|store| store.name()).collect()
}

/// The name and port of each backing service.
pub(crate) fn endpoints() -> impl Iterator<Item = (&'static str, Port)> {
    every().map(|store| (store.name(), store.port()))
}

fn every() -> impl Iterator<Item = &'static dyn Store> {
    let keycloak: &'static dyn Store = &keycloak::Keycloak;
    std::iter::once(keycloak).chain(ALL.iter().copied())
}

/// The variables by which `docker-compose.dev.yml` is told its ports.
pub(crate) fn published() -> Vec<(&'static str, Port)> {
    vec![
        ("COLINK_PORT_POSTGRES", Port::Postgres),
        ("COLINK_PORT_REDIS", Port::Redis),
        ("COLINK_PORT_KAFKA", Port::Kafka),
        ("COLINK_PORT_MONGO", Port::Mongo),
        ("COLINK_PORT_S3", Port::S3),
        ("COLINK_PORT_SMTP", Port::Smtp),
        ("COLINK_PORT_MAIL_API", Port::MailApi),
        ("COLINK_PORT_KEYCLOAK", Port::Keycloak),
    ]
}

/// Starts what is down, waits until all answer, writes `.colink/env`. Answers the names that were started now;
/// when one fails, those are stopped again.
pub(crate) fn start(site: &Site) -> Outcome<Vec<&'static str>> {
    let _turn = lock::wait(&site.layout, "stores")?;
    let local: Vec<&dyn Store> = site.stores().filter(|store| !is_elsewhere(*store, site.ports)).collect();
    let results: Vec<Outcome<Origin>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            local.iter().map(|store| scope.spawn(move || start_one(*store, site))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(Failure::new("a starting thread panicked"))))
            .collect()
    });
    let mut started = Vec::new();
    let mut failure = None;
    for (store, result) in local.iter().zip(results) {
        match result {
            Ok(Origin::Started) => started.push(store.name()),
            Ok(Origin::Adopted) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    if let Some(error) = failure {
        stop::stop(&site.layout, &started)?;
        return Err(error);
    }
    write_env(site)?;
    Ok(started)
}

/// The settings of every backing service: the environment's where given, else those of the local processes.
pub(crate) fn settings(site: &Site) -> Vec<(String, String)> {
    let local = site.stores().flat_map(|store| store.settings(site.ports));
    local.map(|(key, value)| (key.to_owned(), environment(key).unwrap_or(value))).collect()
}

/// Writes `.colink/env`.
pub(crate) fn write_env(site: &Site) -> Outcome<()> {
    write_file(&site.layout.env_file(), &env_file::render(&settings(site)))
}

fn start_one(store: &dyn Store, site: &Site) -> Outcome<Origin> {
    let step = Step::begin(store.name());
    let process = store.prepare(site)?;
    let origin = process.ensure(&site.layout)?;
    if let Err(failure) = process.await_ready(&site.layout, READY_LIMIT, || store.ready(site)) {
        stop::stop(&site.layout, &[store.name()])?;
        return Err(failure);
    }
    let word = if origin == Origin::Started { "ready" } else { "runs already" };
    step.done(&format!("{word} on {}", site.ports.address(store.port())));
    Ok(origin)
}

/// An address that equals the local one (because someone sourced `.colink/env`) is not elsewhere.
fn is_elsewhere(store: &dyn Store, ports: Ports) -> bool {
    let Some((key, local)) = store.settings(ports).into_iter().next() else { return false };
    let Some(given) = environment(key).filter(|given| *given != local) else { return false };
    let host = given.rsplit_once('@').map_or(given.as_str(), |(_, host)| host);
    Step::begin(store.name()).done(&format!("elsewhere: {host}"));
    true
}
