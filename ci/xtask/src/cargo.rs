//! Calling cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{Layout, environment};
use crate::supervised;

/// Which binaries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// The cargo that runs this command, in the checkout.
pub(crate) fn command(layout: &Layout) -> Command {
    let mut command = Command::new(environment("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    command.current_dir(&layout.root);
    command
}

/// Builds the services with the load generator and answers the folder with the binaries. Always the same set:
/// cargo unifies features over what it is asked for, so another set would build the dependencies again. This command
/// itself is left out, because it runs.
pub(crate) fn build(layout: &Layout, profile: Profile) -> Outcome<PathBuf> {
    let mut command = command(layout);
    command.args(["build", "--workspace", "--exclude", env!("CARGO_PKG_NAME"), "--bins"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    must_build(layout, &mut command, "the services do not compile: see cargo's messages above")?;
    binaries(layout, profile)
}

/// Runs a build and fails with `problem` unless it succeeds, or with what is missing when cargo could not fetch it.
pub(crate) fn must_build(layout: &Layout, build: &mut Command, problem: &str) -> Outcome<()> {
    if supervised::run(build)?.success() { Ok(()) } else { Err(explain(command(layout), problem)?) }
}

/// Why a build failed. What cargo says of a network that is not there reads like an error in the code.
fn explain(mut cargo: Command, problem: &str) -> Outcome<Failure> {
    // Of this platform alone: what only others need may be missing for good.
    let looked = cargo
        .args(["fetch", "--locked", "--offline", "--target", "host-tuple"])
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run cargo fetch".to_owned())?;
    if looked.status.success() {
        return Ok(Failure::new(problem));
    }
    let said = String::from_utf8_lossy(&looked.stderr);
    let missing = said.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or("some are missing");
    Ok(Failure::new(format!(
        "the dependencies could not be fetched ({missing}): see cargo's messages above; they come from crates.io, \
         so connect this machine, or name a proxy in https_proxy, and run the command again"
    )))
}

/// The folder with the binaries.
pub(crate) fn binaries(layout: &Layout, profile: Profile) -> Outcome<PathBuf> {
    let output = command(layout)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .stdin(Stdio::null())
        .output()
        .or_fail(|| "run cargo metadata".to_owned())?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::new(format!("cargo metadata did not answer: {error}")))?;
    let target = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    let target = target.ok_or_else(|| Failure::new("cargo metadata names no target folder"))?;
    Ok(Path::new(target).join(profile.folder()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cargo whose `fetch --offline` ends as the script says.
    fn cargo(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!(r#"case "$*" in *--offline*) {script};; esac; exit 3"#), "cargo"]);
        command
    }

    #[test]
    fn a_build_without_its_dependencies_is_no_error_in_the_code() {
        let offline = "echo 'error: no matching package named `chrono` found' >&2; exit 101";
        let told = explain(cargo(offline), "they do not compile").unwrap().to_string();
        assert!(
            told.starts_with("the dependencies could not be fetched (no matching package named `chrono`"),
            "{told}"
        );
        assert!(told.contains("connect this machine") && !told.contains("compile"), "{told}");
    }

    #[test]
    fn a_build_with_all_of_them_tells_its_own_problem() {
        assert_eq!(
            explain(cargo("exit 0"), "they do not compile").unwrap().to_string(),
            "they do not compile"
        );
    }
}
