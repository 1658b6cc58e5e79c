//! Pid files that cannot lie: a record holds the pid, the moment the kernel started it, and what was started.
//!
//! A pid alone may belong to a stranger after a reboot or a wrap-around; the start time (field 22 of
//! `/proc/<pid>/stat`, see proc(5)) tells them apart. A zombie counts as dead.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{OrFail, Outcome};
use crate::layout::Layout;

/// A process that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// The process, also the leader of its own process group.
    pub(crate) pid: i32,
    /// Clock ticks from boot to its start.
    pub(crate) started: u64,
    /// A hash of the command line and environment, to see whether it runs with today's settings.
    pub(crate) fingerprint: u64,
}

impl Record {
    /// The record of a process that was just started; `None` when it is gone already.
    pub(crate) fn of(pid: u32, fingerprint: u64) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self { pid, started: start_time(pid)?, fingerprint })
    }

    /// Whether this very process still runs.
    pub(crate) fn alive(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let record = Self {
            pid: words.next()?.parse().ok().filter(|pid| *pid > 1)?,
            started: words.next()?.parse().ok()?,
            fingerprint: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(record)
    }

    fn render(&self) -> String {
        format!("{} {} {}\n", self.pid, self.started, self.fingerprint)
    }
}

/// Where the record of `name` stands.
pub(crate) fn path(layout: &Layout, name: &str) -> PathBuf {
    layout.run_dir().join(format!("{name}.pid"))
}

/// The record of `name` when its process runs; a stale file is removed.
pub(crate) fn running(layout: &Layout, name: &str) -> Option<Record> {
    let path = path(layout, name);
    let text = fs::read_to_string(&path).ok()?;
    let record = Record::parse(&text).filter(Record::alive);
    if record.is_none() {
        remove(&path);
    }
    record
}

/// Writes the record in one step, so that a reader never sees half of it.
pub(crate) fn write(layout: &Layout, name: &str, record: &Record) -> Outcome<()> {
    let path = path(layout, name);
    let draft = path.with_extension("pid.new");
    fs::write(&draft, record.render())
        .and_then(|()| fs::rename(&draft, &path))
        .or_fail(|| format!("write {}", path.display()))
}

/// Removes a record; that it was gone already is fine.
pub(crate) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        eprintln!("could not remove {}: {error}", path.display());
    }
}

/// Whether the process ended and nobody took note.
pub(crate) fn is_zombie(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

/// Whether some process has `dir` as its working directory, as far as this user may see.
pub(crate) fn anyone_in(dir: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    processes.flatten().any(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == dir))
}

fn start_time(pid: i32) -> Option<u64> {
    if Path::new("/proc/self/stat").exists() {
        return parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    }
    let output =
        Command::new("ps").args(["-o", "stat=", "-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    parse_ps(&String::from_utf8_lossy(&output.stdout))
}

/// Where there is no `/proc`: state and start date, as `ps` prints them. Any number that stands for the date will do.
fn parse_ps(line: &str) -> Option<u64> {
    let (state, date) = line.trim().split_once(char::is_whitespace)?;
    let mut hasher = DefaultHasher::new();
    date.trim().hash(&mut hasher);
    (!state.starts_with('Z')).then(|| hasher.finish())
}

/// The start time in a line of `/proc/<pid>/stat`; the name in parentheses may itself hold spaces and parentheses.
fn parse_stat(line: &str) -> Option<u64> {
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = *fields.first()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "42 (a b) c) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 98765 1000 200 18446744073709551615";

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        assert_eq!(parse_stat(STAT), Some(98_765));
    }

    #[test]
    fn a_zombie_is_dead() {
        assert_eq!(parse_stat(&STAT.replace(" S 1", " Z 1")), None);
    }

    #[test]
    fn ps_is_read_where_there_is_no_proc() {
        let one = parse_ps("S    Fri Nov 20 19:14:45 2026\n");
        assert!(one.is_some());
        assert_eq!(one, parse_ps("R+   Fri Nov 20 19:14:45 2026"));
        assert_ne!(one, parse_ps("S    Fri Nov 20 19:14:46 2026"));
        assert_eq!(parse_ps("Z    Fri Nov 20 19:14:45 2026"), None);
        assert_eq!(parse_ps(""), None);
    }

    #[test]
    fn half_a_record_is_no_record() {
        let record = Record { pid: 7, started: 8, fingerprint: 9 };
        assert_eq!(Record::parse(&record.render()), Some(record));
        for text in ["", "7", "7 8", "7 8 9 10", "x 8 9", "-1 8 9", "0 8 9", "1 8 9"] {
            assert_eq!(Record::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn another_process_with_the_same_pid_is_not_ours() {
        let me = Record::of(std::process::id(), 0).unwrap();
        assert!(me.alive());
        assert!(!Record { started: me.started + 1, ..me }.alive());
    }
}
