//! What is printed: a table for people, and one line of JSON for machines.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::processes::{Usage, usage};
use crate::spent::Spent;
use crate::{BenchError, Load};

/// Latencies in microseconds, three digits kept, up to a minute.
pub(crate) struct Latencies(Option<Histogram<u64>>);

impl Default for Latencies {
    fn default() -> Self {
        Self::new().unwrap_or(Self(None))
    }
}

impl Latencies {
    pub(crate) fn new() -> Result<Self, BenchError> {
        Ok(Self(Some(Histogram::new_with_bounds(1, 60_000_000, 3)?)))
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), BenchError> {
        if let (Some(mine), Some(others)) = (&mut self.0, &other.0) {
            mine.add(others)?;
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The latency that the given part of all stayed within, in milliseconds.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.as_ref().map_or(0.0, |histogram| histogram.value_at_quantile(quantile) as f64 / 1000.0)
    }

    pub(crate) fn json(&self) -> Value {
        if self.count() == 0 {
            return Value::Null;
        }
        json!({"p50_ms": self.quantile_ms(0.5), "p95_ms": self.quantile_ms(0.95), "p99_ms": self.quantile_ms(0.99), "max_ms": self.quantile_ms(1.0)})
    }

    pub(crate) fn cells(&self) -> String {
        match self.count() {
            0 => format!("{:>26}", "–"),
            _ => format!(
                "{:>8.2} {:>8.2} {:>8.2}",
                self.quantile_ms(0.5),
                self.quantile_ms(0.95),
                self.quantile_ms(0.99)
            ),
        }
    }
}

pub(crate) type Usages = BTreeMap<String, Usage>;

/// What one rate, or saturation, came to.
pub(crate) struct Step {
    pub(crate) label: String,
    pub(crate) posts: u64,
    pub(crate) seconds: f64,
    pub(crate) acks: Latencies,
    pub(crate) deliveries: Latencies,
    pub(crate) missing_deliveries: u64,
    pub(crate) receivers: usize,
    pub(crate) spent: Spent,
}

impl Step {
    fn rate(&self) -> f64 {
        self.posts as f64 / self.seconds
    }

    fn json(&self) -> Value {
        let deliveries = self.posts as f64 * self.receivers as f64;
        let cpu = self.spent.cpu_seconds();
        let total: f64 = cpu.values().sum();
        let per_thousand = if deliveries > 0.0 { json!(total * 1000.0 / deliveries) } else { Value::Null };
        let cpu_ms_per_post: BTreeMap<_, _> =
            cpu.iter().map(|(name, seconds)| (name, seconds * 1000.0 / self.posts.max(1) as f64)).collect();
        json!({"label": self.label, "posts": self.posts, "posts_per_second": self.rate(), "ack": self.acks.json(),
            "delivery": self.deliveries.json(), "missing_deliveries": self.missing_deliveries, "cores": self.spent.cores_json(),
            "cpu_seconds_per_1000_deliveries": per_thousand, "cpu_ms_per_post": cpu_ms_per_post})
    }
}

/// All steps of one run.
pub(crate) struct Report {
    name: &'static str,
    load: String,
    machine: Machine,
    rest: Usages,
    steps: Vec<Step>,
}

impl Report {
    /// Looks at the machine for a second or two.
    pub(crate) fn new(name: &'static str, load: &Load) -> Result<Self, BenchError> {
        let words = format!(
            "{} channels x {} receivers, {} users, {} bytes, {} s a rate",
            load.channels, load.receivers, load.users, load.bytes, load.seconds
        );
        Ok(Self {
            name,
            load: words,
            machine: Machine::measure(load.run_dir.as_deref())?,
            rest: Usages::new(),
            steps: Vec::new(),
        })
    }

    /// Notes the memory of each process before the load.
    pub(crate) fn at_rest(&mut self, run_dir: Option<&Path>) -> Result<(), BenchError> {
        if let Some(run_dir) = run_dir {
            self.rest = usage(run_dir)?;
        }
        Ok(())
    }

    pub(crate) fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(crate) fn print(&self) {
        println!("bench {}: {}", self.name, self.load);
        println!("{}", self.machine);
        println!(
            "{:<26}{:>9}  {:>26}  {:>26}  {:>7}  {:>6} {:>6}",
            "", "posts/s", "ack p50/p95/p99 ms", "delivery p50/p95/p99 ms", "missing", "idle %", "stolen"
        );
        for step in &self.steps {
            let (acks, deliveries) = (step.acks.cells(), step.deliveries.cells());
            println!(
                "{:<26}{:>9.0}  {acks}  {deliveries}  {:>7}  {}",
                step.label,
                step.rate(),
                step.missing_deliveries,
                step.spent.cells()
            );
        }
        self.print_processes();
        let steps: Vec<Value> = self.steps.iter().map(Step::json).collect();
        let rss: BTreeMap<_, _> = self.rest.iter().map(|(name, usage)| (name, megabytes(usage))).collect();
        println!(
            "{}",
            json!({"bench": self.name, "load": self.load, "machine": self.machine.json(), "rss_mb_at_rest": rss, "steps": steps})
        );
    }

    fn print_processes(&self) {
        if self.rest.is_empty() {
            return;
        }
        println!("\n{:<14}{:>12}  CPU-ms a post at each step", "process", "MB at rest");
        for (name, usage) in &self.rest {
            let cost = |step: &Step| {
                let seconds = step.spent.cpu_seconds_of(name);
                format!("{:>8.3}", seconds * 1000.0 / step.posts.max(1) as f64)
            };
            let costs: Vec<String> = self.steps.iter().map(cost).collect();
            println!("{name:<14}{:>12.1}  {}", megabytes(usage), costs.join(" "));
        }
        println!();
    }
}

pub(crate) fn megabytes(usage: &Usage) -> f64 {
    usage.rss_bytes as f64 / 1_048_576.0
}
