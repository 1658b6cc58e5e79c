//! `cargo xtask bench`: a release fleet without rate limits, and the load generator against it.

use std::process::{Command, ExitCode};

use crate::arguments::Arguments;
use crate::cargo::{self, Profile};
use crate::failure::{Failure, Outcome};
use crate::ports::Port;
use crate::sql::Sql;
use crate::stores::{self, Site};
use crate::{fleet, setup, stop, supervised, up};

/// The load generator.
const GENERATOR: &str = "colink-bench";

/// What it measures.
const KINDS: [&str; 3] = ["send", "deliver", "login"];

/// Starts the fleet, runs the load generator with the given words, and stops what it started.
pub(crate) fn run(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    if arguments.words.iter().any(|word| word == "--help" || word == "-h") {
        return explain(site, arguments);
    }
    if !arguments.words.first().is_some_and(|kind| KINDS.contains(&kind.as_str())) {
        return Err(Failure::new(
            "bench needs what to measure, send, deliver or login: see `cargo xtask bench --help`",
        ));
    }
    let claim = up::claim(&site.layout)?;
    setup::run(&site.layout, site.sso)?;
    let started = claim.stores(stores::start(site)?);
    let result = measure(site, arguments);
    stop::stop(&site.layout, &fleet::names())?;
    stop::stop(&site.layout, &started)?;
    result
}

fn measure(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    let launch = fleet::prepare(site, Profile::Release, Sql::Psql, fleet::without_limits())?;
    fleet::start(site, &launch)?;
    let mut command = Command::new(launch.binaries().join(GENERATOR));
    command.current_dir(&site.layout.root).args(&arguments.words);
    command.args(["--gateway", &site.ports.address(Port::Gateway)]);
    command.args(["--mail-api", &site.ports.http(Port::MailApi)]);
    command.arg("--run-dir").arg(site.layout.run_dir());
    supervised::must(&mut command, "the measurement failed: see above").map(|()| ExitCode::SUCCESS)
}

/// What the load generator says of itself. Nothing is started for that, and no release build is made.
fn explain(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    let mut command = cargo::command(&site.layout);
    command.args(["run", "--quiet", "--package", GENERATOR, "--"]).args(&arguments.words);
    supervised::must(&mut command, "the load generator does not compile: see above")?;
    Ok(ExitCode::SUCCESS)
}
