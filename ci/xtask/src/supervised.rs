//! Running a command to its end without leaving it behind on Ctrl-C.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::failure::{Failure, OrFail, Outcome};
use crate::interrupt;

/// Runs `command` with our output and no input.
pub(crate) fn run(command: &mut Command) -> Outcome<ExitStatus> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).spawn().or_fail(|| format!("run {name}"))?;
    wait(child)
}

/// Runs `command` and fails with `problem` unless it succeeds.
pub(crate) fn must(command: &mut Command, problem: &str) -> Outcome<()> {
    if run(command)?.success() { Ok(()) } else { Err(Failure::new(problem)) }
}

/// Waits for `child`; when asked to end, asks it too.
pub(crate) fn wait(mut child: Child) -> Outcome<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().or_fail(|| "wait for a command".to_owned())? {
            interrupt::check()?;
            return Ok(status);
        }
        if interrupt::requested() {
            end(&mut child)?;
            return Err(Failure::new("interrupted"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(child: &mut Child) -> Outcome<()> {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        && kill_process(pid, Signal::TERM).is_err()
    {
        return Ok(());
    }
    child.wait().map(|_| ()).or_fail(|| "wait for a command".to_owned())
}
