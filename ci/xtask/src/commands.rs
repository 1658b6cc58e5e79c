//! The commands and what each one takes.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use crate::arguments::{Accepts, Arguments};
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::Layout;
use crate::ports::Ports;
use crate::stores::{self, Site};
use crate::{bench, compose, fleet, inspect, interrupt, output, seed, setup, stop, test_run, tidy, up};

const HELP: &str = "\
cargo xtask <command> [--port-base N]

  up [--release] [--docker] [--with-sso]
                      everything, until Ctrl-C: backing services, the eight services, demo data;
                      with --with-sso also Keycloak, and sign-in through it
  down                stop what runs in this checkout
  status              what runs, and where; exit code 3 when nothing does
  logs <name> [--follow]
                      the log of a service or a backing service
  reset [--yes]       stop everything and drop all data of this checkout
  setup               install what is missing
  services            only the backing services; they stay until `down`
  seed                demo data into a running fleet
  test [cargo test arguments]
                      set up, then every test
  tidy                the rules of this repository
  openapi [--check]   write (or compare) openapi/<service>.json
  bench <send|deliver|login> [arguments]
                      measure a release fleet

Ports are N (default 15000, or the one given last) plus a fixed offset. Data, logs and settings are in .colink/.";

/// Runs the command in `words`.
pub(crate) fn dispatch(words: &[String]) -> Outcome<ExitCode> {
    let Some((command, rest)) = words.split_first() else {
        output::line(HELP);
        return Ok(ExitCode::SUCCESS);
    };
    let accepts = match command.as_str() {
        "help" | "--help" | "-h" => {
            output::line(HELP);
            return Ok(ExitCode::SUCCESS);
        }
        "up" => Accepts::Switches(&["--release", "--docker", "--with-sso"], 0),
        "logs" => Accepts::Switches(&["--follow", "-f"], 1),
        "reset" => Accepts::Switches(&["--yes"], 0),
        "openapi" => Accepts::Switches(&["--check"], 0),
        "test" | "bench" => Accepts::Anything,
        "down" | "status" | "setup" | "services" | "seed" | "tidy" => Accepts::Switches(&[], 0),
        _ => return Err(Failure::new(format!("there is no command `{command}`: see `cargo xtask help`"))),
    };
    run(command, &Arguments::parse(rest, accepts)?)
}

fn run(command: &str, arguments: &Arguments) -> Outcome<ExitCode> {
    let layout = Layout::discover()?;
    let sso = match command {
        "test" => test_run::needs_sso(arguments),
        _ => arguments.has("--with-sso"),
    };
    let ports = Ports::choose(&layout, arguments.port_base)?;
    let site = Site { ports, layout, sso, measured: command == "bench" };
    match command {
        "up" => return up::run(&site, arguments),
        "status" => return Ok(inspect::status(&site)),
        "test" => return test_run::run(&site, arguments),
        "bench" => return bench::run(&site, arguments),
        "down" => down(&site)?,
        "logs" => inspect::logs(&site.layout, arguments)?,
        "reset" => reset(&site, arguments)?,
        "setup" => setup::run(&site.layout, site.sso)?,
        "services" => {
            interrupt::listen()?;
            setup::run(&site.layout, site.sso)?;
            stores::start(&site)?;
        }
        "seed" => seed::run(&site)?,
        "openapi" => fleet::openapi::run(&site.layout, arguments.has("--check"))?,
        _ => tidy::run(&site.layout.root).map_err(|error| Failure::new(error.to_string()))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks a running `up` first, so that it does not report the others as dead.
fn down(site: &Site) -> Outcome<()> {
    let groups = [vec![up::NAME], fleet::names(), stores::names()];
    let mut stopped = Vec::new();
    for group in groups {
        stopped.extend(stop::stop(&site.layout, &group)?);
    }
    if compose::is_there(site) {
        compose::down(site)?;
        stopped.push("containers".to_owned());
    }
    if stopped.is_empty() {
        output::line("  nothing runs");
    } else {
        output::line(format!("  stopped       {}", stopped.join(", ")));
    }
    Ok(())
}

fn reset(site: &Site, arguments: &Arguments) -> Outcome<()> {
    if !arguments.has("--yes") && !confirmed(&site.layout.state)? {
        return Err(Failure::new("nothing was dropped: answer `yes`, or give --yes"));
    }
    down(site)?;
    compose::drop_volumes(site)?;
    for dir in
        [Some(site.layout.state.clone()), stores::postgres_elsewhere(&site.layout)].into_iter().flatten()
    {
        if dir.is_dir() {
            std::fs::remove_dir_all(&dir).or_fail(|| format!("remove {}", dir.display()))?;
            output::line(format!("  dropped       {}", dir.display()));
        }
    }
    Ok(())
}

fn confirmed(state: &Path) -> Outcome<bool> {
    output::print(&format!("All data, logs and secrets in {} will be dropped. Type yes: ", state.display()));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).or_fail(|| "read the answer".to_owned())?;
    Ok(answer.trim() == "yes")
}
