//! Stopping processes: ask, wait, then insist.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::failure::Outcome;
use crate::layout::Layout;
use crate::pid_file::{self, Record};
use crate::{interrupt, up};

/// How long a process may take to end by itself: a service gives requests in flight 20 s, and `up` stops all the
/// others in its time.
fn deadline(name: &str) -> Duration {
    Duration::from_secs(if name == up::NAME { 60 } else { 25 })
}

/// Asks the named processes to end, all at once, and kills what is left of their groups after the deadline, or as
/// soon as someone asks a second time.
/// Answers the names of those that ran.
pub(crate) fn stop(layout: &Layout, names: &[&str]) -> Outcome<Vec<String>> {
    let running: Vec<(&str, Record)> =
        names.iter().filter_map(|name| Some((*name, pid_file::running(layout, name)?))).collect();
    interrupt::stopping();
    for (name, record) in &running {
        ask(name, record);
    }
    let begun = Instant::now();
    let in_time = |name: &str| begun.elapsed() < deadline(name) && !interrupt::hurried();
    while running.iter().any(|(name, record)| record.alive() && in_time(name)) {
        std::thread::sleep(Duration::from_millis(20));
    }
    for (name, record) in &running {
        insist(name, record);
        pid_file::remove(&pid_file::path(layout, name));
    }
    Ok(running.iter().map(|(name, _)| (*name).to_owned()).collect())
}

/// Postgres ends at once on SIGINT ("fast"); on SIGTERM it would wait for its clients.
fn ask(name: &str, record: &Record) {
    let signal = if name == "postgres" { Signal::INT } else { Signal::TERM };
    if let Some(pid) = Pid::from_raw(record.pid)
        && record.alive()
        && let Err(error) = kill_process(pid, signal)
    {
        eprintln!("could not signal {name} ({}): {error}", record.pid);
    }
}

fn insist(name: &str, record: &Record) {
    if !record.alive() {
        return;
    }
    eprintln!("{name} did not stop in time: killed");
    if let Some(pid) = Pid::from_raw(record.pid)
        && let Err(error) = kill_process_group(pid, Signal::KILL)
    {
        eprintln!("could not kill {name} ({}): {error}", record.pid);
    }
}
