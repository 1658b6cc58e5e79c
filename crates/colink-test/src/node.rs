//! One process of a fleet.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;
use crate::eventually::{SOON, eventually};

/// How many bytes of a log a failure shows.
const LOG_TAIL: usize = 4000;

/// A built binary.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    path: PathBuf,
}

impl Binary {
    /// The folder of the binaries that were built with this test: `target/debug`.
    pub(crate) fn folder() -> PathBuf {
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.parent().expect("a folder");
        let folder = if folder.ends_with("deps") { folder.parent().expect("a folder") } else { folder };
        folder.to_owned()
    }

    /// The binary of a service.
    ///
    /// # Panics
    /// When it is not built.
    pub(crate) fn of(service: &str) -> Self {
        let path = Self::folder().join(service);
        assert!(
            path.is_file(),
            "{} is not there: run `cargo xtask test`, or `cargo build -p {service}` first",
            path.display()
        );
        Self { path }
    }
}

/// A process with its configuration, log and port. Dropping it kills the process.
#[derive(Debug)]
pub struct Node {
    name: String,
    binary: Binary,
    address: SocketAddr,
    variables: Vec<(String, String)>,
    log: PathBuf,
    child: Option<Child>,
}

impl Node {
    pub(crate) fn new(
        binary: Binary,
        name: String,
        address: SocketAddr,
        variables: Vec<(String, String)>,
        log: PathBuf,
    ) -> Self {
        Self { name, binary, address, variables, log, child: None }
    }

    /// The node's name: the service's, with `-2` and so on for further nodes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `http://127.0.0.1:PORT`, the same after a restart.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Runs its `migrate` subcommand to the end.
    ///
    /// # Panics
    /// When that fails.
    pub async fn migrate(&self) {
        let mut command = self.command("migrate");
        let status = tokio::task::spawn_blocking(move || command.status()).await.expect("a joined thread");
        let status = status.unwrap_or_else(|error| panic!("{}: {error}", self.binary.path.display()));
        assert!(status.success(), "`{} migrate` ended with {status}\n{}", self.name, self.log_tail());
    }

    /// Starts the process; [`Self::ready`] waits for it.
    ///
    /// # Panics
    /// When it is running already or cannot be started.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let started = self.command("serve").spawn();
        self.child = Some(started.unwrap_or_else(|error| panic!("{}: {error}", self.binary.path.display())));
    }

    /// Waits until `/ready` says so.
    ///
    /// # Panics
    /// When the process ends, or does not become ready; the end of its log is in the message.
    pub async fn ready(&mut self) {
        let client = Client::new(self.base_url());
        let log = self.log.clone();
        let (name, child) = (self.name.clone(), &mut self.child);
        let what = format!("{name} is ready ({})", log.display());
        let waiting = eventually(&what, SOON * 2, async || {
            let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "{name} ended with {ended:?}\n{}", tail(&log));
            let answer = client.request(reqwest::Method::GET, "/ready").try_send().await.ok()?;
            answer.status.is_success().then_some(())
        });
        waiting.await;
    }

    /// `kill -9`, and waits until the process is gone.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// SIGTERM, and waits until the process has ended; its exit status.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Starts it again, on the same port, and waits until it is ready.
    ///
    /// # Panics
    /// When it runs, or does not become ready.
    pub async fn restart(&mut self) {
        self.start();
        self.ready().await;
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is not running.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().unwrap_or_else(|| panic!("{} is not running", self.name));
        kill_process(Pid::from_child(child), signal).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Whether the process is running.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Waits until the process has ended by itself or by a signal.
    ///
    /// # Panics
    /// When it was not started.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap_or_else(|| panic!("{} is not running", self.name));
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.expect("a joined thread");
        ended.expect("an exit status")
    }

    /// Everything it has logged, JSON lines.
    ///
    /// # Panics
    /// When the log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes =
            std::fs::read(&self.log).unwrap_or_else(|error| panic!("{}: {error}", self.log.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_tail(&self) -> String {
        tail(&self.log)
    }

    fn command(&self, subcommand: &str) -> Command {
        let log = append(&self.log);
        let errors = log.try_clone().expect("a second handle");
        let mut command = Command::new(&self.binary.path);
        command.arg(subcommand).stdin(Stdio::null()).stdout(log).stderr(errors);
        // Only the plan configures a node, not what happens to be set where the tests run.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COLINK")) {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; waiting collects it in either case.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn append(path: &Path) -> File {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let start = bytes.len().saturating_sub(LOG_TAIL);
    format!(
        "…the end of {}:\n{}",
        log.display(),
        String::from_utf8_lossy(bytes.get(start..).unwrap_or_default())
    )
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};

    use actix_web::{App, HttpResponse, HttpServer, web};

    use super::{Binary, Node};

    /// Makes this test binary behave as a service; the subcommand `serve` is the test filter that finds the test below.
    const ADDRESS: &str = "NODE_TEST_ADDRESS";

    /// Not a test: the service's process.
    #[test]
    fn serve_in_a_process_of_its_own() {
        let Some(address) = std::env::var_os(ADDRESS) else { return };
        let address: SocketAddr = address.into_string().unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = async move {
            let ready = || async { HttpResponse::Ok().finish() };
            HttpServer::new(move || App::new().route("/ready", web::get().to(ready)))
                .workers(1)
                .bind(address)
                .unwrap()
                .run()
                .await
        };
        runtime.block_on(server).unwrap();
    }

    /// T-3: what the journeys rely on to crash and restart a node.
    #[tokio::test]
    async fn a_node_is_killed_restarted_on_its_port_and_terminated() {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut node = Node::new(
            Binary { path: std::env::current_exe().unwrap() },
            "served".to_owned(),
            address,
            vec![(ADDRESS.to_owned(), address.to_string())],
            folder.path().join("node.log"),
        );
        node.migrate().await;
        node.start();
        node.ready().await;
        node.kill().await;
        assert!(!node.is_running());
        node.restart().await;
        assert!(node.is_running());
        node.terminate().await;
        assert!(node.log().contains("running"), "{}", node.log());
    }

    #[tokio::test]
    #[should_panic(expected = "ended with")]
    async fn a_node_that_ends_early_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let binary = Binary { path: "/bin/false".into() };
        let log = folder.path().join("node.log");
        let mut node = Node::new(binary, "early".to_owned(), address, Vec::new(), log);
        node.start();
        node.ready().await;
    }
}
