//! What a step cost: CPU time of each process, and what the machine did not give.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::BenchError;
use crate::processes::usage;
use crate::report::Usages;

/// A moment from which on the costs are counted.
pub(crate) struct Begun {
    run_dir: Option<PathBuf>,
    fleet: Usages,
    cores: CoreTimes,
}

/// The costs from then to a later moment.
pub(crate) struct Spent {
    cpu_seconds: BTreeMap<String, f64>,
    cores: CoreTimes,
}

/// Time of all cores together, in ticks (proc(5), `/proc/stat`).
#[derive(Clone, Copy, Default)]
struct CoreTimes {
    all: u64,
    idle: u64,
    /// What the hypervisor gave to others while there was work here.
    stolen: u64,
}

impl Begun {
    pub(crate) fn now(run_dir: Option<&Path>) -> Result<Self, BenchError> {
        let fleet = run_dir.map(usage).transpose()?.unwrap_or_default();
        Ok(Self { run_dir: run_dir.map(Path::to_owned), fleet, cores: CoreTimes::now() })
    }

    pub(crate) fn end(self) -> Result<Spent, BenchError> {
        let after = self.run_dir.as_deref().map(usage).transpose()?.unwrap_or_default();
        let since = |name: &str| self.fleet.get(name).map_or(0.0, |then| then.cpu_seconds);
        let cpu_seconds =
            after.iter().map(|(name, now)| (name.clone(), now.cpu_seconds - since(name))).collect();
        Ok(Spent { cpu_seconds, cores: CoreTimes::now().since(self.cores) })
    }
}

impl Spent {
    /// CPU-seconds by process; empty when no folder of processes was given.
    pub(crate) fn cpu_seconds(&self) -> &BTreeMap<String, f64> {
        &self.cpu_seconds
    }

    pub(crate) fn cpu_seconds_of(&self, process: &str) -> f64 {
        self.cpu_seconds.get(process).copied().unwrap_or(0.0)
    }

    /// A figure is worth little when much was stolen, and says nothing of the fleet when nothing was idle.
    pub(crate) fn cells(&self) -> String {
        format!("{:>6.0} {:>6.0}", self.cores.percent(self.cores.idle), self.cores.percent(self.cores.stolen))
    }

    pub(crate) fn cores_json(&self) -> Value {
        json!({"idle_percent": self.cores.percent(self.cores.idle), "stolen_percent": self.cores.percent(self.cores.stolen)})
    }
}

impl CoreTimes {
    fn now() -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default()).unwrap_or_default()
    }

    /// The line of all cores: user, nice, system, idle, iowait, irq, softirq, steal, and times of guests, which are in user.
    fn parse(stat: &str) -> Option<Self> {
        let times: Vec<u64> =
            stat.lines().next()?.split_whitespace().skip(1).take(8).flat_map(str::parse).collect();
        let [_, _, _, idle, waits, _, _, stolen] = times[..] else { return None };
        Some(Self { all: times.iter().sum(), idle: idle + waits, stolen })
    }

    fn since(self, then: Self) -> Self {
        Self {
            all: self.all.saturating_sub(then.all),
            idle: self.idle.saturating_sub(then.idle),
            stolen: self.stolen.saturating_sub(then.stolen),
        }
    }

    fn percent(self, part: u64) -> f64 {
        part as f64 * 100.0 / self.all.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_cores_are_those_of_the_time_between() {
        let times = |line: &str| CoreTimes::parse(line).unwrap();
        let then = times("cpu  100 0 50 800 50 0 0 0 7 0\ncpu0 1 2 3 4");
        let spent = times("cpu  150 0 70 830 70 0 0 80 9 0\n").since(then);
        assert_eq!(spent.all, 200);
        assert!((spent.percent(spent.stolen) - 40.0).abs() < 1e-9);
        assert!((spent.percent(spent.idle) - 25.0).abs() < 1e-9);
        assert!(CoreTimes::parse("cpu 1 2 3").is_none());
    }
}
