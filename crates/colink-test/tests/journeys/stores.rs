//! Stops and starts the backing services of this checkout, which `cargo xtask` runs.

use std::fs;
use std::process::Command;

use colink_test::Environment;
use rustix::process::{Pid, Signal, kill_process_group};

/// Ends a backing service at once, like a machine that loses power.
pub fn kill(name: &str) {
    let file = Environment::get().root().join(".colink/run").join(format!("{name}.pid"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let pid: i32 = text.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a process id");
    kill_process_group(Pid::from_raw(pid).expect("a process id"), Signal::KILL).expect("a process to end");
}

/// Starts whatever is not running, and waits until it is ready.
pub async fn start_all() {
    let xtask = std::env::current_exe().expect("the path of this test");
    let xtask = xtask.ancestors().find_map(|folder| {
        let binary = folder.join("xtask");
        binary.is_file().then_some(binary)
    });
    let xtask = xtask.expect("xtask is built: run `cargo xtask test`");
    let root = Environment::get().root().to_owned();
    let started =
        tokio::task::spawn_blocking(move || Command::new(xtask).arg("services").current_dir(root).output());
    let output = started.await.expect("a task").expect("xtask runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
