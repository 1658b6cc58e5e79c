//! The auth service; see the crate's README.

use std::process::ExitCode;

fn main() -> ExitCode {
    colink_runtime::main::<auth::Auth>()
}
