//! `status` and `logs`: looking without touching.

use std::process::ExitCode;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::failure::{Failure, Outcome};
use crate::layout::Layout;
use crate::log_stream::LogStream;
use crate::process::{listens, log_tail};
use crate::stores::{self, Site};
use crate::{fleet, interrupt, output, pid_file};

/// The exit code when nothing runs, so that scripts can tell.
const NOTHING_RUNS: u8 = 3;

/// Prints a line per process.
pub(crate) fn status(site: &Site) -> ExitCode {
    let services = fleet::MEMBERS.iter().map(|member| (member.name, member.port));
    let mut running = 0;
    for (name, port) in stores::endpoints().chain(services) {
        let address = site.ports.address(port);
        match pid_file::running(&site.layout, name) {
            Some(record) => {
                running += 1;
                let state = if listens(site.ports.of(port)) { "runs" } else { "runs, does not listen yet" };
                output::line(format!("  {name:<13} {address:<18} {state} (process {})", record.pid));
            }
            None => output::line(format!("  {name:<13} {address:<18} stopped")),
        }
    }
    if running == 0 { ExitCode::from(NOTHING_RUNS) } else { ExitCode::SUCCESS }
}

/// Prints the end of a log, and with `--follow` what comes.
pub(crate) fn logs(layout: &Layout, arguments: &Arguments) -> Outcome<()> {
    let all: Vec<&'static str> = fleet::names().into_iter().chain(stores::names()).collect();
    let asked = arguments.words.first().map(String::as_str);
    let Some(name) = all.iter().find(|name| Some(**name) == asked) else {
        return Err(Failure::new(format!("name one of these: {}", all.join(", "))));
    };
    let mut stream = LogStream::at_end(layout, name);
    output::print(&log_tail(layout, name, 100));
    if arguments.has("--follow") || arguments.has("-f") {
        interrupt::listen()?;
        while !interrupt::requested() && !output::lost() {
            stream.print_new(layout);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}
