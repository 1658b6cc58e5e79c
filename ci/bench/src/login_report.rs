//! What `login` prints: a table for people, and one line of JSON for machines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::BenchError;
use crate::login::LoginLoad;
use crate::machine::Machine;
use crate::processes::usage;
use crate::report::{Latencies, Usages, megabytes};
use crate::spent::Spent;
use crate::verify::Cost;

/// One step.
pub(crate) struct LoginStep {
    pub(crate) label: String,
    pub(crate) seconds: f64,
    pub(crate) logins: u64,
    pub(crate) login_times: Latencies,
    pub(crate) calls: u64,
    pub(crate) call_times: Latencies,
    pub(crate) spent: Spent,
}

impl LoginStep {
    fn logins_per_second(&self) -> f64 {
        self.logins as f64 / self.seconds
    }

    /// CPU-milliseconds of each process during the step.
    fn cpu_ms(&self) -> BTreeMap<&str, f64> {
        self.spent.cpu_seconds().iter().map(|(name, seconds)| (name.as_str(), seconds * 1000.0)).collect()
    }

    fn json(&self) -> Value {
        json!({"label": self.label, "seconds": self.seconds, "logins": self.logins,
            "logins_per_second": self.logins_per_second(), "login": self.login_times.json(), "calls": self.calls,
            "call": self.call_times.json(), "cpu_ms": self.cpu_ms(), "cores": self.spent.cores_json()})
    }
}

/// All steps of one run.
pub(crate) struct LoginReport {
    load: String,
    machine: Machine,
    cost: Cost,
    rest: Usages,
    steps: Vec<LoginStep>,
}

impl LoginReport {
    /// Notes the memory of each process before the load, and looks at the machine for a second or two.
    pub(crate) fn new(load: &LoginLoad, cost: Cost) -> Result<Self, BenchError> {
        let rest = load.run_dir.as_deref().map(usage).transpose()?.unwrap_or_default();
        let LoginLoad { users, calls, seconds, warm_up, .. } = load;
        let words =
            format!("{users} users, {calls} other calls/s, {seconds} s a step, {warm_up} s of warm-up");
        let machine = Machine::measure(load.run_dir.as_deref())?;
        Ok(Self { load: words, machine, cost, rest, steps: Vec::new() })
    }

    pub(crate) fn step(&mut self, step: LoginStep) {
        self.steps.push(step);
    }

    pub(crate) fn print(&self) {
        println!("bench login: {}", self.load);
        println!("{}", self.machine);
        let Cost { first_us, again_us } = self.cost;
        println!("one token verified: {first_us:.1} µs of CPU the first time, {again_us:.2} µs again");
        println!(
            "{:<26}{:>9}  {:>26}  {:>26}  {:>6} {:>6}",
            "", "logins/s", "login p50/p95/p99 ms", "call p50/p95/p99 ms", "idle %", "stolen"
        );
        for step in &self.steps {
            let (logins, calls) = (step.login_times.cells(), step.call_times.cells());
            println!(
                "{:<26}{:>9.1}  {logins}  {calls}  {}",
                step.label,
                step.logins_per_second(),
                step.spent.cells()
            );
        }
        self.print_processes();
        let steps: Vec<Value> = self.steps.iter().map(LoginStep::json).collect();
        let rss: BTreeMap<_, _> = self.rest.iter().map(|(name, usage)| (name, megabytes(usage))).collect();
        println!(
            "{}",
            json!({"bench": "login", "load": self.load, "machine": self.machine.json(), "rss_mb_at_rest": rss,
                "verify_first_us": first_us, "verify_again_us": again_us, "steps": steps})
        );
    }

    fn print_processes(&self) {
        if self.rest.is_empty() {
            return;
        }
        println!("\n{:<14}{:>12}  CPU-ms a second at each step", "process", "MB at rest");
        for (name, usage) in &self.rest {
            let cost = |step: &LoginStep| {
                format!("{:>8.2}", step.spent.cpu_seconds_of(name) * 1000.0 / step.seconds)
            };
            let costs: Vec<String> = self.steps.iter().map(cost).collect();
            println!("{name:<14}{:>12.1}  {}", megabytes(usage), costs.join(" "));
        }
        println!();
    }
}
