//! The binary's own commands, as an operator runs them beside the service.

use std::process::{Command, Output};

use sqlx::ConnectOptions;

use crate::harness::World;

/// A command on the database of `world`, with the secrets that its service has.
pub(crate) fn command(world: &World, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth"));
    command
        .arg(name)
        .env("COLINK_AUTH__POSTGRES__URL", world.database().connect_options().to_url_lossy().as_str())
        .env("COLINK__SECRETS__KEYS", colink_test::SEALING_KEYS)
        .env("COLINK__INTERNAL__SECRET", colink_test::INTERNAL_SECRET);
    command
}

/// What it told.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
