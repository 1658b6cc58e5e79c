//! The service as a process: this test binary starts itself again and becomes the service.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use colink_runtime::config::Sources;
use colink_test::{Client, SOON, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::example::{Example, await_begun};

/// Names the arguments, and that this process is to be the service.
const ARGUMENTS: &str = "RUNTIME_TEST_ARGUMENTS";

/// Not a test: the service's `main` when a test below starts this binary with [`ARGUMENTS`].
#[test]
fn become_the_service() {
    let Some(arguments) = std::env::var_os(ARGUMENTS) else { return };
    let arguments = arguments.into_string().unwrap();
    let arguments = std::iter::once("example").chain(arguments.split_whitespace()).map(OsString::from);
    let code = colink_runtime::run::<Example>(arguments, Sources::of_process);
    std::process::exit(code.into());
}

fn command(arguments: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::become_the_service", "--nocapture", "--quiet"])
        .env(ARGUMENTS, arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &str, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(arguments, variables).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A serving process and its address, read from its log.
struct Served {
    child: Child,
    log: BufReader<ChildStdout>,
    client: Client,
}

impl Served {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(variables: &[(&str, &str)]) -> Self {
        let mut child = command("serve", variables).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the log ended before the service served");
            let Ok(line) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
            if line["message"] == "serving" {
                break line["address"].as_str().unwrap().to_owned();
            }
        };
        let client = Client::new(format!("http://{address}"));
        Self { child, log, client }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its exit code, the rest of its log, and its last words.
    async fn end(mut self) -> (Option<i32>, String, String) {
        let status = eventually("the process ends", SOON, async || self.child.try_wait().unwrap()).await;
        let (mut log, mut words) = (String::new(), String::new());
        self.log.read_to_string(&mut log).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        (status.code(), log, words)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already, unless the test failed.
        let _ = self.child.kill();
    }
}

/// A service takes the memory that it uses, and whole huge pages only where it is configured to (proc_pid_status(5)).
#[cfg(target_os = "linux")]
#[tokio::test]
async fn huge_pages_are_for_those_who_ask_for_them() {
    let allowed = |served: &Served| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", served.child.id())).unwrap();
        status.lines().find_map(|line| line.strip_prefix("THP_enabled:").map(|word| word.trim().to_owned()))
    };
    assert_eq!(allowed(&Served::start()).as_deref(), Some("0"));
    let asking = Served::start_with(&[("COLINK__SERVER__HUGE_PAGES", "true")]);
    assert_eq!(allowed(&asking).as_deref(), Some("1"));
}

/// G-9: SIGTERM is a graceful stop, and a success.
#[tokio::test]
async fn sigterm_finishes_the_request_in_flight_and_exits_with_0() {
    let served = Served::start();
    let client = served.client.clone();
    let asked_to_stop = async {
        await_begun(&client).await;
        served.signal(Signal::TERM);
    };
    let (answer, ()) = tokio::join!(client.get("/slow"), asked_to_stop);
    assert_eq!(answer.expect(200).body, "done");
    let (code, log, _) = served.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("asked to stop"), "{log}");
}

/// G-9: who asks twice means it.
#[tokio::test]
async fn a_second_signal_stops_at_once_whatever_is_in_flight() {
    let served = Served::start();
    let client = served.client.clone();
    let stuck = client.request(reqwest::Method::GET, "/stuck").try_send();
    let asked_twice = async {
        await_begun(&client).await;
        served.signal(Signal::TERM);
        tokio::time::sleep(Duration::from_millis(300)).await;
        served.signal(Signal::INT);
        Instant::now()
    };
    let (answer, asked_again_at) = tokio::join!(stuck, asked_twice);
    assert!(answer.is_err());
    let (code, log, _) = served.end().await;
    assert!(asked_again_at.elapsed() < Duration::from_secs(4), "it waited for the budget of 5 s");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a second signal"), "{log}");
}

#[tokio::test]
async fn a_panicking_task_makes_the_process_exit_with_1_and_say_why() {
    let served = Served::start();
    let _ = served.client.post("/panic", "").await.expect(202);
    let (code, log, words) = served.end().await;
    assert_eq!(code, Some(1), "{log}");
    assert_eq!(words.lines().last(), Some("example: the task `doomed` panicked: out of luck"), "{words}");
    assert!(log.contains("\"panic: out of luck\""), "the panic itself is in the JSON log: {log}");
}

#[tokio::test]
async fn a_task_that_just_ends_is_a_failure_too() {
    let served = Served::start();
    let _ = served.client.post("/quit", "").await.expect(202);
    let (code, _, words) = served.end().await;
    assert_eq!(code, Some(1));
    assert!(words.contains("the task `quitter` ended although"), "{words}");
}

#[tokio::test]
async fn healthcheck_succeeds_only_while_the_service_answers() {
    let served = Served::start();
    let address = served.client.base_url().trim_start_matches("http://").to_owned();
    let bind = [("COLINK_EXAMPLE__SERVER__BIND", address.as_str())];
    assert_eq!(run("healthcheck", &bind).0, Some(0));
    assert_eq!(run("healthcheck --ready", &bind).0, Some(0));
    served.signal(Signal::TERM);
    assert_eq!(served.end().await.0, Some(0));
    assert_eq!(run("healthcheck", &bind).0, Some(1));
}

#[test]
fn a_bad_configuration_exits_with_2_and_names_key_layer_and_remedy() {
    let (code, _, words) = run("serve", &[("COLINK_EXAMPLE__SERVER__BNID", "x")]);
    assert_eq!(code, Some(2));
    let said =
        "example: `server.bnid` (environment variable COLINK_EXAMPLE__SERVER__BNID): is not a known key";
    assert!(words.contains(said), "{words}");

    let (code, _, words) = run("check-config", &[("COLINK_EXAMPLE__GREETER__GREETING", "")]);
    assert_eq!(code, Some(2));
    assert!(words.contains("must not be empty"), "{words}");
}

#[test]
fn check_config_shows_everything_but_secrets() {
    let (code, out, words) = run("check-config", &[("COLINK__SERVER__WORKERS", "1")]);
    assert_eq!(code, Some(0), "{words}");
    assert!(out.contains("key = \"<set>\"") && !out.contains("swordfish"), "{out}");
    assert!(out.contains("greeting = \"hello\"  # the built-in config.toml"), "{out}");
    assert!(out.contains("# environment variable COLINK__SERVER__WORKERS"), "{out}");
}

#[test]
fn openapi_prints_the_document_without_any_configuration() {
    let (code, out, _) = run("openapi", &[("COLINK_EXAMPLE__SERVER__BNID", "x")]);
    assert_eq!(code, Some(0));
    let start = out.find('{').unwrap();
    let document: serde_json::Value = serde_json::from_str(out.get(start..).unwrap()).unwrap();
    assert_eq!(document["info"]["title"], "CoLink example");
}

#[test]
fn migrate_of_a_service_without_stores_has_nothing_to_do() {
    assert_eq!(run("migrate", &[]).0, Some(0));
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    assert_eq!(run("fly", &[]).0, Some(2));
    assert_eq!(run("", &[]).0, Some(2));
}
