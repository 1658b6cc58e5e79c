//! The command line: five subcommands, one exit code each way.
//!
//! Exit codes: 0 it did what was asked; 1 it failed (a task died, the schema does not fit, a store refused);
//! 2 the command line or the configuration was refused.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::commands;
use crate::config::Sources;
use crate::memory::allow_huge_pages;
use crate::service::{Service, ServiceCommand};

const FAILED: u8 = 1;
const REFUSED: u8 = 2;

/// Runs the service as the command line says: the whole `main` of a service.
#[must_use]
pub fn main<S: Service>() -> ExitCode {
    ExitCode::from(run::<S>(std::env::args_os(), Sources::of_process))
}

/// [`main`] with the command line and the environment given; the exit code.
pub fn run<S: Service>(
    arguments: impl IntoIterator<Item = OsString>,
    sources: impl FnOnce(Option<PathBuf>) -> Sources,
) -> u8 {
    // Until the configuration is read, which may allow them.
    allow_huge_pages(false);
    let matches = match command::<S>().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(usage) => {
            // Help and version are "errors" with exit code 0; nothing is left to do when the terminal is gone.
            let _ = usage.print();
            return u8::try_from(usage.exit_code()).unwrap_or(REFUSED);
        }
    };
    match dispatch::<S>(&matches, sources) {
        Ok(()) => 0,
        Err(Failure::Refused(sentence)) => last_words(S::NAME, &sentence, REFUSED),
        Err(Failure::Failed(sentence)) => last_words(S::NAME, &sentence, FAILED),
    }
}

/// Why a subcommand did not end well, as the sentence for the operator.
pub(crate) enum Failure {
    /// The configuration is wrong.
    Refused(String),
    /// Anything else.
    Failed(String),
}

fn dispatch<S: Service>(
    matches: &ArgMatches,
    sources: impl FnOnce(Option<PathBuf>) -> Sources,
) -> Result<(), Failure> {
    let (name, matches) = matches.subcommand().unwrap_or(("serve", matches));
    if name == "openapi" {
        return commands::openapi::<S>();
    }
    let file = matches.get_one::<PathBuf>("config").cloned();
    let loaded = crate::config::load::<S::Config>(S::NAME, S::DEFAULTS, &sources(file))
        .map_err(|error| Failure::Refused(error.to_string()))?;
    match name {
        "migrate" => commands::migrate::<S>(loaded.into_config()),
        "check-config" => commands::check_config::<S>(&loaded),
        "healthcheck" => commands::healthcheck::<S>(&loaded.into_config(), matches.get_flag("ready")),
        "serve" => commands::serve::<S>(loaded.into_config()),
        own => {
            let named =
                S::COMMANDS.iter().find(|command| command.name == own).and_then(|command| command.argument);
            let given = named.and_then(|name| matches.get_one::<OsString>(name));
            commands::own::<S>(loaded.into_config(), own, given.map(OsString::as_os_str))
        }
    }
}

fn command<S: Service>() -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .global(true)
        .help("A TOML file above the built-in defaults; COLINK__… and COLINK_<SERVICE>__… variables win over it");
    let ready = Arg::new("ready")
        .long("ready")
        .action(ArgAction::SetTrue)
        .help("Ask /ready (its stores are up) instead of /health (it lives)");
    Command::new(S::NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(config)
        .subcommand(Command::new("serve").about("Serve until SIGTERM or SIGINT"))
        .subcommand(
            Command::new("migrate").about("Bring schema, topics, indexes and buckets up to date, then exit"),
        )
        .subcommand(Command::new("openapi").about("Print the OpenAPI document"))
        .subcommand(Command::new("check-config").about("Print the effective configuration, secrets hidden"))
        .subcommand(Command::new("healthcheck").about("Ask the running service how it is").arg(ready))
        .subcommands(S::COMMANDS.iter().map(own_command))
}

fn own_command(command: &ServiceCommand) -> Command {
    let argument = command
        .argument
        .map(|name| Arg::new(name).value_name(name).required(true).value_parser(value_parser!(OsString)));
    Command::new(command.name).about(command.about).args(argument)
}

fn last_words(service: &str, sentence: &str, code: u8) -> u8 {
    // When standard error is closed nobody is there to read it.
    let _ = writeln!(std::io::stderr(), "{service}: {sentence}");
    code
}
