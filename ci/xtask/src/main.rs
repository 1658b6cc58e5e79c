//! The developer command: `cargo xtask help` lists what it can do.
//!
//! It must compile in seconds on a bare machine, so it uses no async runtime and no HTTP library. Every failure
//! leaves as one sentence that names the remedy ([`failure::Failure`]).
#![expect(clippy::print_stderr, reason = "a command line tool reports failures beside its output")]

mod arguments;
mod bench;
mod cargo;
mod commands;
mod compose;
mod env_file;
mod failure;
mod fleet;
mod http;
mod inspect;
mod interrupt;
mod layout;
mod lock;
mod log_stream;
mod output;
mod pid_file;
mod ports;
mod ports_in_use;
mod process;
mod secrets;
mod seed;
mod setup;
mod sql;
mod step;
mod stop;
mod stores;
mod supervised;
mod test_run;
mod tidy;
mod up;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::dispatch(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
