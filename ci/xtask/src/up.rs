//! `cargo xtask up`: everything, until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::cargo::Profile;
use crate::failure::Outcome;
use crate::layout::Layout;
use crate::log_stream::LogStream;
use crate::pid_file::{self, Record};
use crate::ports::Port;
use crate::sql::Sql;
use crate::stores::{self, Site};
use crate::{compose, fleet, interrupt, lock, output, seed, setup, stop};

/// The name of the pid file of a running `up`.
pub(crate) const NAME: &str = "up";

const BUSY: &str =
    "`cargo xtask up` runs already in this checkout: end it with Ctrl-C there, or with `cargo xtask down`";

/// What was started here and is stopped here.
#[derive(Debug, Default)]
struct Started {
    stores: Vec<&'static str>,
    services: bool,
    compose: bool,
}

/// The right to run the fleet of this checkout. Its pid file, for `down`, goes with it.
#[derive(Debug)]
pub(crate) struct Claim {
    _lock: std::fs::File,
    pid_file: PathBuf,
    /// Whoever had it last was killed and could stop nothing.
    heir: bool,
}

impl Claim {
    /// The stores to stop at the end: those that were started now, and what a killed predecessor left behind.
    pub(crate) fn stores(&self, started: Vec<&'static str>) -> Vec<&'static str> {
        if self.heir { stores::names() } else { started }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        pid_file::remove(&self.pid_file);
    }
}

/// Starts everything, streams the logs, and stops everything at the end.
pub(crate) fn run(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    let claim = claim(&site.layout)?;
    let mut started = Started::default();
    let result = bring_up(site, arguments, &claim, &mut started).and_then(|()| watch(site));
    let stopped = take_down(site, &started);
    result.and(stopped).map(|()| ExitCode::SUCCESS)
}

/// Takes the right to run the fleet of this checkout, and leaves a pid file for `down`.
pub(crate) fn claim(layout: &Layout) -> Outcome<Claim> {
    let lock = lock::claim(layout, "fleet", BUSY)?;
    let pid_file = pid_file::path(layout, NAME);
    let claim = Claim { _lock: lock, heir: pid_file.exists(), pid_file };
    if let Some(record) = Record::of(std::process::id(), 0) {
        pid_file::write(layout, NAME, &record)?;
    }
    interrupt::listen()?;
    Ok(claim)
}

fn bring_up(site: &Site, arguments: &Arguments, claim: &Claim, started: &mut Started) -> Outcome<()> {
    fleet::check_ports(site)?;
    let docker = arguments.has("--docker");
    if docker {
        setup::apt::install_missing(&site.layout, &[setup::apt::BUILD])?;
        started.compose = true;
        compose::up(site, site.sso)?;
    } else {
        setup::run(&site.layout, site.sso)?;
        started.stores = claim.stores(stores::start(site)?);
    }
    let profile = if arguments.has("--release") { Profile::Release } else { Profile::Dev };
    let launch = fleet::prepare(site, profile, if docker { Sql::Compose } else { Sql::Psql }, Vec::new())?;
    started.services = true;
    fleet::start(site, &launch)?;
    if let Err(failure) = seed::run(site) {
        interrupt::check()?;
        output::line(format!("  no demo data: {failure}"));
    }
    print_addresses(site);
    Ok(())
}

fn print_addresses(site: &Site) {
    let gateway = format!("http://localhost:{}", site.ports.of(Port::Gateway));
    output::line("");
    output::line(format!("  API           {gateway}/api"));
    output::line(format!("  documents     {gateway}/docs"));
    output::line(format!("  sockets       ws://localhost:{}/ws", site.ports.of(Port::Gateway)));
    output::line(format!("  mail          {}/api/user/<address>/messages", site.ports.http(Port::MailApi)));
    if site.sso {
        output::line(format!("  keycloak      {}/admin (admin, admin)", site.ports.http(Port::Keycloak)));
        output::line(format!("  sign-in       {gateway}/api/auth/oidc/keycloak/start (ada, Colink-dev-1)"));
    }
    output::line("");
    for (email, what) in seed::logins() {
        output::line(format!("  login         {email:<20} {}   {what}", seed::PASSWORD));
    }
    output::line("");
    output::line("  Ctrl-C stops everything that was started here.");
    output::line("");
}

/// Streams the logs until someone asks to end, or nobody reads them. A service that dies is reported once; the others go on.
fn watch(site: &Site) -> Outcome<()> {
    let mut streams: Vec<LogStream> =
        fleet::MEMBERS.iter().map(|member| LogStream::at_end(&site.layout, member.name)).collect();
    while !interrupt::requested() && !output::lost() {
        for stream in &mut streams {
            stream.print_new(&site.layout);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(())
}

fn take_down(site: &Site, started: &Started) -> Outcome<()> {
    let mut names = Vec::new();
    if started.services {
        names.extend(stop::stop(&site.layout, &fleet::names())?);
    }
    names.extend(stop::stop(&site.layout, &started.stores)?);
    if started.compose {
        compose::down(site)?;
        names.push("the containers".to_owned());
    }
    if !names.is_empty() {
        output::line(format!("  stopped       {}", names.join(", ")));
    }
    let others: Vec<_> =
        stores::names().into_iter().filter(|name| pid_file::running(&site.layout, name).is_some()).collect();
    if !others.is_empty() {
        output::line(format!(
            "  still there   {}, which ran before: `cargo xtask down` stops them",
            others.join(", ")
        ));
    }
    Ok(())
}
