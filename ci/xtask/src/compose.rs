//! The backing services as containers, where there is no apt: `docker-compose.dev.yml`, on the same ports.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::layout::write_file;
use crate::setup::tools;
use crate::step::Step;
use crate::stores::{self, Site};
use crate::supervised;

const FILE: &str = "docker-compose.dev.yml";
/// Every container of the file.
const ALL: [&str; 4] = ["--profile", "sso", "--profile", "fleet"];

/// Starts the containers and waits until they are healthy.
pub(crate) fn up(site: &Site, with_sso: bool) -> Outcome<()> {
    let step = Step::begin("containers");
    let mut command = compose(site)?;
    write_file(&trace(site), "")?;
    let profile: &[&str] = if with_sso { &["--profile", "sso"] } else { &[] };
    supervised::must(
        command.args(profile).args(["up", "--detach", "--wait"]),
        "docker compose could not start the backing services: is the Docker engine running?",
    )?;
    stores::write_env(site)?;
    step.done("healthy");
    Ok(())
}

/// Stops the containers; their volumes stay.
pub(crate) fn down(site: &Site) -> Outcome<()> {
    supervised::must(
        compose(site)?.args(ALL).args(["down", "--timeout", "15"]),
        "docker compose could not stop the containers",
    )
}

/// Whether there are containers of this checkout, which an `up --docker` that was killed has left.
pub(crate) fn is_there(site: &Site) -> bool {
    let Some(mut command) = compose(site).ok().filter(|_| trace(site).is_file()) else { return false };
    command.args(ALL).args(["ps", "--all", "--quiet"]).stdin(Stdio::null()).stderr(Stdio::null());
    command.output().is_ok_and(|listed| listed.status.success() && !listed.stdout.is_empty())
}

/// Drops the volumes of containers that ran for this checkout: what is sealed in them opens with its secrets alone.
pub(crate) fn drop_volumes(site: &Site) -> Outcome<()> {
    if !trace(site).is_file() {
        return Ok(());
    }
    supervised::must(
        compose(site)?.args(ALL).args(["down", "--volumes", "--timeout", "15"]),
        "docker compose could not drop the volumes: is the Docker engine running?",
    )
}

/// Says that containers were started for this checkout once.
fn trace(site: &Site) -> PathBuf {
    site.layout.state.join("containers")
}

/// `docker compose` with our file and ports.
pub(crate) fn compose(site: &Site) -> Outcome<Command> {
    if tools::find("docker").is_none() {
        return Err(Failure::new(
            "docker is not on the path: install Docker with its compose plugin, or leave out --docker",
        ));
    }
    if !site.layout.root.join(FILE).is_file() {
        return Err(Failure::new(format!("{FILE} is not in this checkout")));
    }
    let mut command = Command::new("docker");
    command.args(["compose", "--file", FILE]).current_dir(&site.layout.root);
    for (key, port) in stores::published() {
        command.env(key, site.ports.of(port).to_string());
    }
    Ok(command)
}
