//! The real service inside the test process, on threads of its own.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_runtime::config::{Sources, load};
use colink_runtime::{Lifecycle, Service, start_in};
use sqlx::PgPool;
use toml::Table;

use crate::client::Client;
use crate::database::TestDatabase;
use crate::eventually::{SOON, eventually};
use crate::identity::TestUser;
use crate::leftovers;
use crate::logging;
use crate::names;
use crate::settings::Settings;
use crate::stage::Stage;

/// How long a service may take to put its last events on the broker.
const DRAIN: Duration = Duration::from_secs(10);

/// A started service. Dropping it stops the service, fails the test when outbox rows are left over or a secret stands in the log
/// or in an event, and removes what the service stored.
#[derive(Debug)]
pub struct TestService<S: Service> {
    stage: Stage,
    address: SocketAddr,
    database: Option<TestDatabase>,
    pool: Option<PgPool>,
    overrides: Table,
    settings: Settings,
    process: Option<Process>,
    /// Where the log was when it started.
    log: usize,
    service: PhantomData<fn() -> S>,
}

/// The threads of one run of the service.
#[derive(Debug)]
struct Process {
    lifecycle: Lifecycle,
    thread: JoinHandle<Result<(), String>>,
}

impl<S: Service> TestService<S> {
    /// Starts `S` on `stage`.
    ///
    /// # Panics
    /// When it does not start or does not become ready.
    pub async fn start(stage: &Stage, settings: Settings) -> Self {
        let sections: Table = toml::from_str(S::DEFAULTS).expect("config.toml");
        let log = logging::start(&sections).mark();
        let mut overrides = stage.keys(S::NAME, &names::unique(), &sections);
        let database = match S::MIGRATOR {
            Some(migrator) if sections.contains_key("postgres") => {
                Some(TestDatabase::create(S::NAME, migrator).await)
            }
            _ => None,
        };
        if let Some(database) = &database {
            crate::settings::put(&mut overrides, "postgres.url", database.url().into());
        }
        if sections.contains_key("kafka") {
            stage.ensure_topics().await;
        }
        merge(&mut overrides, &settings.table);
        let config = read_config::<S>(&overrides);
        S::prepare(&config)
            .await
            .unwrap_or_else(|error| panic!("prepare: {}", colink_runtime::chain(&error)));
        let (address, process) = launch::<S>(config, &settings);
        let pool = database.as_ref().map(TestDatabase::pool);
        let service = Self {
            stage: stage.clone(),
            address,
            database,
            pool,
            overrides,
            settings,
            process: Some(process),
            log,
            service: PhantomData,
        };
        service.ready().await;
        service
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The stage it is on.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// A client without a token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.base_url())
    }

    /// A client with a valid token of `user`.
    #[must_use]
    pub fn client(&self, user: &TestUser) -> Client {
        self.anonymous().bearer(&self.stage.identity().token(user))
    }

    /// A client that calls `/internal` as the service `caller`.
    #[must_use]
    pub fn internal(&self, caller: &str) -> Client {
        self.anonymous().bearer(&crate::identity::service_token(caller, S::NAME))
    }

    /// The service's database, for assertions.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn database(&self) -> &PgPool {
        self.pool.as_ref().expect("a service with migrations")
    }

    /// Waits until `/ready` says so.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn ready(&self) {
        let client = self.anonymous();
        eventually(&format!("{} is ready", S::NAME), SOON, async || {
            client.get("/ready").await.status.is_success().then_some(())
        })
        .await;
    }

    /// Stops it as SIGTERM would and waits until it has stopped. Its data stay.
    ///
    /// # Panics
    /// When it ends with a failure.
    pub async fn stop(&mut self) {
        let Some(process) = self.process.take() else { return };
        process.lifecycle.stop();
        let ended = tokio::task::spawn_blocking(move || process.thread.join());
        let outcome = ended.await.expect("a joined thread").expect("a service that does not panic");
        outcome.unwrap_or_else(|error| panic!("{} failed: {error}", S::NAME));
    }

    /// Drops it where it stands: requests, tasks and queues, as nearly as a thread can die like a process.
    pub async fn kill(&mut self) {
        let Some(process) = self.process.take() else { return };
        process.lifecycle.abort();
        // How it ends does not matter to the one who kills it.
        let _ = tokio::task::spawn_blocking(move || process.thread.join()).await;
    }

    /// Changes a key for the next [`Self::restart`].
    pub fn change(&mut self, key: &str, value: impl Into<toml::Value>) {
        crate::settings::put(&mut self.overrides, key, value.into());
    }

    /// Starts it again after [`Self::stop`] or [`Self::kill`], on the same data and a new port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.stop().await;
        let (address, process) = launch::<S>(read_config::<S>(&self.overrides), &self.settings);
        (self.address, self.process) = (address, Some(process));
        self.ready().await;
    }

    /// What dropping does, with the failure in the awaiting test.
    ///
    /// # Panics
    /// When outbox rows are left over, or a secret stands in the log or in an event.
    pub async fn finish(self) {
        let dropped = tokio::task::spawn_blocking(move || drop(self)).await;
        if let Err(failure) = dropped {
            std::panic::resume_unwind(failure.into_panic());
        }
    }

    /// Runs the end on a runtime of its own, because `drop` may be called inside one.
    fn end(&mut self) {
        let (process, database) = (self.process.take(), self.database.take());
        let (redis, mongo) = (self.stage.redis_prefix(), self.stage.mongo_database(S::NAME));
        let has = |section: &str| self.overrides.contains_key(section);
        let (has_redis, has_mongo) = (has("redis"), has("mongo"));
        let check = !thread::panicking();
        let drain = self.settings.drain.unwrap_or(DRAIN);
        let body = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let (left, events) = runtime.block_on(async {
                match &database {
                    Some(database) if check => {
                        leftovers::of(database, process.is_some().then_some(drain)).await
                    }
                    _ => (None, Vec::new()),
                }
            });
            if let Some(process) = process {
                process.lifecycle.abort();
                // Its failure was reported by the service's own log; the test has made its point by now.
                let _ = process.thread.join();
            }
            runtime.block_on(leftovers::remove(
                database,
                has_redis.then_some(redis),
                has_mongo.then_some(mongo),
            ));
            (left, events)
        };
        let ended = thread::spawn(body).join();
        if check {
            let (left, events) = ended.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
            assert!(left.is_none(), "{}: {}", S::NAME, left.unwrap_or_default());
            let leaks = logging::WATCH.leaks(self.log, &events);
            assert!(leaks.is_empty(), "{}: {} leaks, the first: {}", S::NAME, leaks.len(), leaks[0]);
        }
    }
}

impl<S: Service> Drop for TestService<S> {
    fn drop(&mut self) {
        self.end();
    }
}

fn read_config<S: Service>(overrides: &Table) -> S::Config {
    let sources = Sources { overrides: Some(overrides.to_string()), ..Sources::default() };
    load::<S::Config>(S::NAME, S::DEFAULTS, &sources)
        .unwrap_or_else(|error| panic!("{}: {error}", S::NAME))
        .into_config()
}

fn launch<S: Service>(config: S::Config, settings: &Settings) -> (SocketAddr, Process) {
    let clock = settings.clock.clone().unwrap_or_else(SystemClock::shared);
    let (started, start) = mpsc::channel();
    let body = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let outcome = runtime.block_on(async {
            let lifecycle = Lifecycle::new(tokio::runtime::Handle::current());
            let running =
                start_in::<S>(config, clock, lifecycle).await.map_err(|e| colink_runtime::chain(&e))?;
            // Somebody waits: `launch` itself.
            let _ = started.send((running.addr(), running.lifecycle().clone()));
            running.wait().await.map_err(|error| colink_runtime::chain(&error))
        });
        runtime.shutdown_background();
        outcome
    };
    let thread = thread::Builder::new().name(S::NAME.to_owned()).spawn(body).expect("a thread");
    match start.recv() {
        Ok((address, lifecycle)) => (address, Process { lifecycle, thread }),
        Err(_) => panic!("{} did not start: {:?}", S::NAME, thread.join()),
    }
}

fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => merge(inner, more),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
