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
    supervised::must(&mut command, "the services do not compile: see cargo's messages above")?;
    binaries(layout, profile)
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
