//! CPU and memory of the fleet's processes, read from `/proc` (proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::BenchError;

/// One process with all its descendants.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time since its start, in seconds.
    pub(crate) cpu_seconds: f64,
    /// Resident memory, in bytes; for a family of processes the largest member, since they share pages.
    pub(crate) rss_bytes: u64,
}

/// `USER_HZ`: 100 on every Linux that Rust supports; the kernel's ABI, not its timer.
const TICKS_PER_SECOND: f64 = 100.0;

/// Every `<name>.pid` in the folder, by name. A process that this one descends from is left out: it only looks on, and the
/// others may be its descendants too.
pub(crate) fn usage(run_dir: &Path) -> Result<BTreeMap<String, Usage>, BenchError> {
    let all = stats();
    let mut families = BTreeMap::new();
    for entry in fs::read_dir(run_dir)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let content = fs::read_to_string(&path)?;
        let Some(pid) = content.split_whitespace().next().and_then(|word| word.parse().ok()) else {
            continue;
        };
        let members = family(&all, pid);
        if !members.contains(&std::process::id()) {
            families.insert(name.to_owned(), usage_of(&all, &members));
        }
    }
    Ok(families)
}

/// CPU time of this program so far, in seconds.
pub(crate) fn own_cpu_seconds() -> f64 {
    stat(std::process::id()).map_or(0.0, |stat| stat.cpu_seconds)
}

struct Stat {
    parent: u32,
    cpu_seconds: f64,
    rss_bytes: u64,
}

fn stats() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command may hold spaces; the fields count from behind its closing parenthesis.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().filter_map(|&index| fields.get(index)?.parse::<f64>().ok()).sum();
    let pages: u64 = fields.get(21)?.parse().ok()?;
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        cpu_seconds: ticks / TICKS_PER_SECOND,
        rss_bytes: pages * 4096,
    })
}

/// A process and all its descendants.
fn family(all: &BTreeMap<u32, Stat>, root: u32) -> Vec<u32> {
    let mut members = vec![root];
    let mut looked_at = 0;
    while let Some(&pid) = members.get(looked_at) {
        members.extend(all.iter().filter(|(_, stat)| stat.parent == pid).map(|(&child, _)| child));
        looked_at += 1;
    }
    members
}

fn usage_of(all: &BTreeMap<u32, Stat>, members: &[u32]) -> Usage {
    members.iter().filter_map(|pid| all.get(pid)).fold(Usage::default(), |usage, stat| Usage {
        cpu_seconds: usage.cpu_seconds + stat.cpu_seconds,
        rss_bytes: usage.rss_bytes.max(stat.rss_bytes),
    })
}
