//! What this process uses, read from `/proc/self` (proc(5)) at each scrape. Elsewhere than on Linux the values stay 0.

use std::fs;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge, Opts};

/// `/proc/self/stat` counts CPU time in these; Linux fixes them at 100 a second for user space.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) struct ProcessCollector {
    resident_bytes: IntGauge,
    open_fds: IntGauge,
    max_fds: IntGauge,
    threads: IntGauge,
    cpu_seconds: Counter,
}

impl ProcessCollector {
    pub(super) fn new(service: &str) -> prometheus::Result<Self> {
        let options = |name: &str, help: &str| Opts::new(name, help).const_label(super::SERVICE, service);
        let gauge = |name: &str, help: &str| IntGauge::with_opts(options(name, help));
        Ok(Self {
            resident_bytes: gauge("process_resident_memory_bytes", "Resident memory of the process.")?,
            open_fds: gauge("process_open_fds", "Open file descriptors.")?,
            max_fds: gauge("process_max_fds", "File descriptors that the process may open.")?,
            threads: gauge("process_threads", "Threads of the process.")?,
            cpu_seconds: Counter::with_opts(options(
                "process_cpu_seconds_total",
                "User and system CPU time spent.",
            ))?,
        })
    }

    fn read(&self) {
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            self.resident_bytes.set(number_after(&status, "VmRSS:").saturating_mul(1024));
            self.threads.set(number_after(&status, "Threads:"));
        }
        if let Ok(limits) = fs::read_to_string("/proc/self/limits") {
            self.max_fds.set(number_after(&limits, "Max open files"));
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // The listing itself holds one descriptor open.
            let open = entries.count().saturating_sub(1);
            self.open_fds.set(i64::try_from(open).unwrap_or(i64::MAX));
        }
        if let Some(spent) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds) {
            self.cpu_seconds.inc_by((spent - self.cpu_seconds.get()).max(0.0));
        }
    }
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [&self.resident_bytes, &self.open_fds, &self.max_fds, &self.threads];
        gauges.into_iter().flat_map(Collector::desc).chain(self.cpu_seconds.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.read();
        let gauges = [&self.resident_bytes, &self.open_fds, &self.max_fds, &self.threads];
        gauges.into_iter().flat_map(Collector::collect).chain(self.cpu_seconds.collect()).collect()
    }
}

/// The first number on the line that begins with `name`; 0 when there is none.
fn number_after(text: &str, name: &str) -> i64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Fields 14 (utime) and 15 (stime). The second field, the name, may hold spaces: so count from its closing bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_with_spaces_and_brackets() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 100 0 0";
        assert!((cpu_seconds(stat).unwrap() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_missing_line_reads_as_zero() {
        assert_eq!(number_after("VmRSS:\t  1024 kB\n", "VmRSS:"), 1024);
        assert_eq!(number_after("VmRSS:\t  1024 kB\n", "Threads:"), 0);
    }
}
