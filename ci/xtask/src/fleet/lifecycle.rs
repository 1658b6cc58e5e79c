//! Building, migrating and starting the services.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{MEMBERS, Member, databases, environment_of};
use crate::cargo::{self, Profile};
use crate::failure::{Failure, OrFail, Outcome};
use crate::process::{Process, check_port};
use crate::secrets::Secrets;
use crate::sql::Sql;
use crate::step::Step;
use crate::stores::Site;
use crate::{http, interrupt, pid_file, stop};

/// A service that is not ready by then will not be.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// What is needed to start the services.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The folder with the binaries.
    binaries: PathBuf,
    secrets: Secrets,
    /// Set over what `fleet.rs` says.
    overrides: Vec<(String, String)>,
}

/// Builds the services, makes their databases and runs their migrations.
pub(crate) fn prepare(
    site: &Site,
    profile: Profile,
    sql: Sql,
    overrides: Vec<(String, String)>,
) -> Outcome<Launch> {
    let secrets = super::secrets(site)?;
    let step = Step::begin("build");
    let binaries = cargo::build(&site.layout, profile)?;
    step.done(&format!("{} services", MEMBERS.len()));
    databases::create(site, sql, &secrets)?;
    let launch = Launch { binaries, secrets, overrides };
    let step = Step::begin("migrate");
    for member in MEMBERS {
        interrupt::check()?;
        launch.migrate(member, site)?;
    }
    step.done("schemas, topics and buckets are up to date");
    Ok(launch)
}

/// Fails when a port of a service is taken, before anything is installed or built for it.
pub(crate) fn check_ports(site: &Site) -> Outcome<()> {
    let idle = |member: &&Member| pid_file::running(&site.layout, member.name).is_none();
    MEMBERS.iter().filter(idle).try_for_each(|member| check_port(member.name, site.ports.of(member.port)))
}

/// Starts every service and waits until all are ready. A service that still runs from before is replaced: its
/// binary may be another one.
pub(crate) fn start(site: &Site, launch: &Launch) -> Outcome<()> {
    stop::stop(&site.layout, &super::names())?;
    let mut waiting = Vec::new();
    for member in MEMBERS {
        let process = launch.process(member, site)?;
        process.ensure(&site.layout)?;
        waiting.push((member, process, Step::begin(member.name)));
    }
    for (member, process, step) in waiting {
        let url = format!("{}/ready", site.ports.http(member.port));
        process.await_ready(&site.layout, READY_LIMIT, || {
            http::get(&url).is_ok_and(|answer| answer.status == 200)
        })?;
        step.done(&format!("ready on {}", site.ports.address(member.port)));
    }
    Ok(())
}

impl Launch {
    /// The folder with the binaries.
    pub(crate) fn binaries(&self) -> &Path {
        &self.binaries
    }

    fn process(&self, member: &Member, site: &Site) -> Outcome<Process> {
        Ok(Process {
            name: member.name.to_owned(),
            program: binary(&self.binaries, member),
            args: vec!["serve".to_owned()],
            env: self.environment(member, site)?,
            account: None,
            ports: vec![site.ports.of(member.port)],
            config: String::new(),
        })
    }

    fn environment(&self, member: &Member, site: &Site) -> Outcome<Vec<(String, String)>> {
        let mut environment = environment_of(member, site, &self.secrets)?;
        environment.extend(self.overrides.iter().cloned());
        Ok(environment)
    }

    fn migrate(&self, member: &Member, site: &Site) -> Outcome<()> {
        let output = Command::new(binary(&self.binaries, member))
            .arg("migrate")
            .envs(self.environment(member, site)?)
            .current_dir(&site.layout.root)
            .stdin(Stdio::null())
            .output()
            .or_fail(|| format!("run {} migrate", member.name))?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        Err(Failure::new(format!(
            "`{} migrate` failed:\n{}",
            member.name,
            String::from_utf8_lossy(&text).trim()
        )))
    }
}

/// The executable of `member`.
pub(super) fn binary(folder: &Path, member: &Member) -> PathBuf {
    folder.join(member.name)
}
