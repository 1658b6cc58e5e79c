//! `openapi/<service>.json` is what the code says; whoever changes an API writes the files anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{MEMBERS, Member, lifecycle};
use crate::cargo::{self, Profile};
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::{Layout, make_dir, write_file};
use crate::step::Step;

/// Builds the services and writes, or with `check` only compares, the documents.
pub(crate) fn run(layout: &Layout, check: bool) -> Outcome<()> {
    let binaries = cargo::build(layout, Profile::Dev)?;
    update(layout, &binaries, check)
}

/// Compares the documents with what the built services print.
pub(crate) fn compare(layout: &Layout) -> Outcome<()> {
    update(layout, &cargo::binaries(layout, Profile::Dev)?, true)
}

fn update(layout: &Layout, binaries: &Path, check: bool) -> Outcome<()> {
    let step = Step::begin("openapi");
    let dir = layout.root.join("openapi");
    make_dir(&dir)?;
    let mut stale = Vec::new();
    for member in MEMBERS {
        let document = document(binaries, member)?;
        let path = dir.join(format!("{}.json", member.name));
        if !check {
            write_file(&path, &document)?;
        } else if fs::read_to_string(&path).ok().as_deref() != Some(document.as_str()) {
            stale.push(member.name);
        }
    }
    if !stale.is_empty() {
        let names = stale.join(", ");
        return Err(Failure::new(format!(
            "openapi/ is not what the code says ({names}): run `cargo xtask openapi`"
        )));
    }
    step.done(if check { "the files are what the code says" } else { "written" });
    Ok(())
}

/// What `<service> openapi` prints, byte for byte, with one line break at the end.
fn document(binaries: &Path, member: &Member) -> Outcome<String> {
    let output = Command::new(lifecycle::binary(binaries, member))
        .arg("openapi")
        .stdin(Stdio::null())
        .output()
        .or_fail(|| format!("run {} openapi", member.name))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let valid = serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|value| value.is_object());
    if output.status.success() && valid {
        return Ok(format!("{}\n", text.trim_end()));
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`{} openapi` printed no document: {}", member.name, reason.trim())))
}
