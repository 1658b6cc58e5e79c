//! `cargo xtask bench`: a release fleet without rate limits, and the load generator against it.

use std::process::{Command, ExitCode};

use crate::arguments::Arguments;
use crate::cargo::Profile;
use crate::failure::Outcome;
use crate::ports::Port;
use crate::sql::Sql;
use crate::stores::{self, Site};
use crate::{fleet, setup, stop, supervised, up};

/// The load generator.
const GENERATOR: &str = "colink-bench";

/// Starts the fleet, runs the load generator with the given words, and stops what it started.
pub(crate) fn run(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    let _claim = up::claim(&site.layout)?;
    setup::run(&site.layout, site.sso)?;
    let started = stores::start(site)?;
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
    if !arguments.words.is_empty() {
        command.args(["--gateway", &site.ports.address(Port::Gateway)]);
        command.args(["--mail-api", &site.ports.http(Port::MailApi)]);
        command.arg("--run-dir").arg(site.layout.run_dir());
    }
    supervised::must(&mut command, "the measurement failed: see above").map(|()| ExitCode::SUCCESS)
}
