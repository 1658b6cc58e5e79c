//! `cargo xtask test`: the set-up, then every test, then one line that sums them.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, ExitCode, ExitStatus, Stdio};

use crate::arguments::Arguments;
use crate::cargo::{self, Profile};
use crate::failure::{OrFail, Outcome};
use crate::layout::Layout;
use crate::step::Step;
use crate::stores::{self, Site};
use crate::{fleet, interrupt, output, setup, supervised};

/// The package whose tests sign in through Keycloak, and what a filter calls those of other packages.
const SSO: [&str; 2] = ["auth", "keycloak"];

/// The package whose tests run the services as processes.
const JOURNEYS: &str = "colink-test";
/// The package that has tests in a browser.
const BROWSED: &str = "auth";

/// The counts of cargo's summary lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Whether these tests sign in through Keycloak.
pub(crate) fn needs_sso(arguments: &Arguments) -> bool {
    arguments.words.is_empty() || arguments.words.iter().any(|word| SSO.contains(&word.as_str()))
}

/// Runs the tests; words go to `cargo test`, and without any it is the whole workspace and the OpenAPI files.
pub(crate) fn run(site: &Site, arguments: &Arguments) -> Outcome<ExitCode> {
    interrupt::listen()?;
    setup::run(&site.layout, site.sso)?;
    stores::start(site)?;
    let everything = arguments.words.is_empty();
    let is_browsed = everything || arguments.words.iter().any(|word| word == BROWSED);
    let no_browser = is_browsed && !setup::apt::install_browser(&site.layout)?;
    let journeys = everything || arguments.words.iter().any(|word| word == JOURNEYS);
    let no_tours = journeys && !setup::apt::install_shell_tools(&site.layout)?;
    if everything {
        build_everything(&site.layout)?;
    } else if journeys {
        build_services(&site.layout)?;
    }
    let drift = if everything { fleet::openapi::compare(&site.layout).err() } else { None };
    let mut command = cargo::command(&site.layout);
    command.args(["test", "--no-fail-fast"]).envs(stores::settings(site));
    if everything {
        command.arg("--workspace");
    }
    // What cannot be had is passed over even in CI.
    for (missing, variable) in [(no_browser, "COLINK_NO_BROWSER"), (no_tours, "COLINK_NO_TOURS")] {
        if missing {
            command.env(variable, "1");
        }
    }
    let step = Step::begin("tests");
    let (status, counts) = run_tests(command.args(&arguments.words))?;
    step.done("run");
    if !status.success() && counts.failed == 0 {
        eprintln!("error: cargo test failed: the tests do not compile, or a test process died");
    }
    if let Some(drift) = &drift {
        eprintln!("error: {drift}");
    }
    counts.print();
    Ok(if status.success() && drift.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests with the binaries that they run: built together, every dependency is built once, with one set of features.
fn build_everything(layout: &Layout) -> Outcome<()> {
    let step = Step::begin("build");
    let mut command = cargo::command(layout);
    command.args(["test", "--workspace", "--no-run", "--quiet"]);
    cargo::must_build(layout, &mut command, "the tests do not compile: see above")?;
    step.done("every test and the services, which the journeys run as processes");
    Ok(())
}

fn build_services(layout: &Layout) -> Outcome<()> {
    let step = Step::begin("build");
    cargo::build(layout, Profile::Dev)?;
    step.done("the services, which the journeys run as processes");
    Ok(())
}

fn run_tests(command: &mut Command) -> Outcome<(ExitStatus, Counts)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail(|| "run cargo test".to_owned())?;
    let reader = child.stdout.take().map(|out| std::thread::spawn(move || echo(out)));
    let status = supervised::wait(child)?;
    let counts = reader.and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ok((status, counts))
}

fn echo(out: ChildStdout) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        output::line(&line);
        counts.add(&line);
    }
    counts
}

impl Counts {
    /// The sum is a line of its own, the last one.
    fn print(self) {
        if self.ignored > 0 {
            output::line(format!("{} ignored", self.ignored));
        }
        output::line(format!("{} passed, {} failed", self.passed, self.failed));
    }

    /// Adds a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some((_, rest)) = line.trim().split_once("test result: ") else { return };
        let words: Vec<&str> = rest.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match *what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_lines_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.31s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            counts.add(line);
        }
        assert_eq!(counts, Counts { passed: 13, failed: 2, ignored: 1 });
    }
}
