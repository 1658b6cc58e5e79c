//! Finding programs that are installed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};

/// The oldest Java that every jar here runs on.
const JAVA_MIN: u32 = 17;

/// The oldest Postgres that the migrations are tested with.
const POSTGRES_MIN: u32 = 15;

/// The program `name` on the path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// The program `name`, which preflight has installed.
pub(crate) fn require(name: &str) -> Outcome<PathBuf> {
    find(name).ok_or_else(|| Failure::new(format!("{name} is not on the path: run `cargo xtask setup`")))
}

/// The folder with `initdb` and `postgres`: of the major version `wanted`, else the newest. Debian keeps it off the path.
pub(crate) fn postgres_bin(wanted: Option<u32>) -> Option<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten().filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let usable = |version: u32| version >= POSTGRES_MIN && wanted.is_none_or(|wanted| wanted == version);
    let newest = debian.filter(|(version, bin)| usable(*version) && bin.join("initdb").is_file()).max();
    newest.map(|(_, bin)| bin).or_else(|| {
        let bin = find("initdb")?.parent()?.to_path_buf();
        usable(major(&bin.join("initdb"), "--version")?).then_some(bin)
    })
}

/// Whether a Java development kit (its compiler builds the launcher) of at least version 17 is there.
pub(crate) fn has_java() -> bool {
    let recent = |name: &str| {
        find(name).and_then(|program| major(&program, "-version")).is_some_and(|version| version >= JAVA_MIN)
    };
    recent("javac") && recent("java")
}

/// The first number in what a program prints about itself, on either stream: Java uses the wrong one.
fn major(program: &Path, flag: impl AsRef<OsStr>) -> Option<u32> {
    let output = Command::new(program).arg(flag).stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    first_number(&String::from_utf8_lossy(&text))
}

fn first_number(text: &str) -> Option<u32> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    text.get(from..)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(first_number("javac 17.0.15"), Some(17));
        assert_eq!(first_number("openjdk version \"21.0.1\" 2025"), Some(21));
        assert_eq!(first_number("initdb (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)"), Some(15));
        assert_eq!(first_number("nothing"), None);
    }
}
