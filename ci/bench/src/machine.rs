//! The machine, and what it does by itself: a virtual one shares its cores, and its figures vary with its neighbours.

use std::fmt;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::BenchError;
use crate::report::Latencies;

const TRIES: usize = 400;
const NAP: Duration = Duration::from_millis(2);
/// Additions of one piece of work: a millisecond of a quick core.
const ADDITIONS: u64 = 1_000_000;
/// Writes that are waited for until they are on the disk, each as large as a page of a database.
const SYNCS: usize = 100;
const PAGE: [u8; 8192] = [7; 8192];

/// Without it a figure says nothing.
pub(crate) struct Machine {
    name: String,
    /// How late a thread wakes that sleeps for [`NAP`].
    late: Latencies,
    /// How long a fixed piece of work takes.
    work: Latencies,
    /// How long a page takes to the disk.
    sync: Latencies,
}

impl Machine {
    /// Looks at it for a second or two, in which nothing else may run. The disk is that of the folder.
    pub(crate) fn measure(dir: Option<&Path>) -> Result<Self, BenchError> {
        let name = name();
        let (mut late, mut work) = (Latencies::default(), Latencies::default());
        for _ in 0..TRIES {
            let begun = Instant::now();
            std::thread::sleep(NAP);
            late.record(begun.elapsed().saturating_sub(NAP));
        }
        for _ in 0..TRIES {
            let begun = Instant::now();
            black_box((0..ADDITIONS).fold(0, |sum: u64, n| black_box(sum.wrapping_add(n))));
            work.record(begun.elapsed());
        }
        let sync = sync_times(dir.unwrap_or(&std::env::temp_dir()))?;
        Ok(Self { name, late, work, sync })
    }

    pub(crate) fn json(&self) -> Value {
        json!({"name": self.name, "wakes_late": self.late.json(), "same_work": self.work.json(),
            "page_to_disk": self.sync.json()})
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |times: &Latencies| {
            let [half, most, nearly_all] = [0.5, 0.95, 0.99].map(|part| times.quantile_ms(part));
            format!("{half:.2} / {most:.2} / {nearly_all:.2}")
        };
        writeln!(f, "{}", self.name)?;
        write!(
            f,
            "before the load, p50 / p95 / p99 ms: a thread wakes {} late, the same work takes {}, a page to the disk {}",
            cells(&self.late),
            cells(&self.work),
            cells(&self.sync)
        )
    }
}

fn sync_times(dir: &Path) -> Result<Latencies, BenchError> {
    let path = dir.join(format!("bench-sync-{}", std::process::id()));
    let mut times = Latencies::default();
    let written = File::create(&path).and_then(|mut file| {
        for _ in 0..SYNCS {
            let begun = Instant::now();
            file.write_all(&PAGE)?;
            file.sync_data()?;
            times.record(begun.elapsed());
        }
        Ok(())
    });
    fs::remove_file(&path)?;
    written?;
    Ok(times)
}

/// Cores, kernel and load average.
fn name() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let load = read("/proc/loadavg");
    let averages: Vec<&str> = load.split(' ').take(3).collect();
    format!(
        "{cores} cores, Linux {}, load average {}",
        read("/proc/sys/kernel/osrelease"),
        averages.join(" ")
    )
}
