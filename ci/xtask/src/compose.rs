//! The backing services as containers, where there is no apt: `docker-compose.dev.yml`, on the same ports.

use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::setup::tools;
use crate::step::Step;
use crate::stores::{self, Site};
use crate::supervised;

const FILE: &str = "docker-compose.dev.yml";

/// Starts the containers and waits until they are healthy.
pub(crate) fn up(site: &Site, with_sso: bool) -> Outcome<()> {
    let step = Step::begin("containers");
    let profile: &[&str] = if with_sso { &["--profile", "sso"] } else { &[] };
    supervised::must(
        compose(site)?.args(profile).args(["up", "--detach", "--wait"]),
        "docker compose could not start the backing services: is the Docker engine running?",
    )?;
    stores::write_env(site)?;
    step.done("healthy");
    Ok(())
}

/// Stops the containers; their volumes stay.
pub(crate) fn down(site: &Site) -> Outcome<()> {
    supervised::must(
        compose(site)?.args(["--profile", "sso", "down", "--timeout", "15"]),
        "docker compose could not stop the containers",
    )
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
