//! Each alert rule asks for metrics that a service has, and has its section in the runbook.
//!
//! A rule about a metric that was renamed never fires, and nobody notices until it should have.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "alerts";

const RULES: &str = "ops/prometheus/alerts.yml";
const RUNBOOK: &str = "ops/runbooks/README.md";

/// What PromQL itself and Prometheus have, or what a rule names beside metrics.
const WORDS: &[&str] = &[
    "up", "sum", "max", "by", "rate", "increase", "job", "service", "group", "topic", "kind", "relay",
    "state", "status", "outcome",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(rules) = tree.file(RULES) else { return Vec::new() };
    let runbook = tree.file(RUNBOOK).map(|file| file.text.as_str()).unwrap_or_default();
    let mut findings = Vec::new();
    let mut within = false;
    for (number, line) in rules.lines() {
        let line = line.trim();
        if let Some(alert) = line.strip_prefix("- alert: ") {
            within = false;
            if !runbook.lines().any(|heading| heading == format!("## {alert}")) {
                findings.push(Finding::new(
                    NAME,
                    RULES,
                    number,
                    format!("{RUNBOOK} has no section \"{alert}\""),
                ));
            }
            continue;
        }
        let expression = line.strip_prefix("expr: ");
        within = expression.is_some() || within && !line.contains(": ");
        let expression = expression.unwrap_or(line);
        let unknown =
            words(expression).filter(|word| within && !WORDS.contains(word) && !has_metric(tree, word));
        findings
            .extend(unknown.map(|word| {
                Finding::new(NAME, RULES, number, format!("no service has the metric `{word}`"))
            }));
    }
    findings
}

/// Names in an expression, without what stands in quotes and without durations.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    let unquoted = expression.split('"').step_by(2);
    let words =
        unquoted.flat_map(|part| part.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_'));
    words.filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()))
}

fn has_metric(tree: &Tree, name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    let names = |file: &SourceFile| file.path.contains("/src/") && file.text.contains(&quoted);
    tree.rust_under("crates/").chain(tree.rust_under("services/")).any(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rules: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/colink-bus/src/metrics.rs", "gauge(\"outbox_depth\")"),
            (RULES, rules),
            (RUNBOOK, "# Runbooks\n\n## Known\n\nWait.\n"),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_alert_on_what_is_there_passes() {
        let rules = "- alert: Known\n  expr: max by (service) (outbox_depth{state=\"no_metric\"}[5m]) > 5\n  for: 1m\n  labels: { severity: page }\n";
        assert_eq!(found(rules), [""; 0]);
    }

    #[test]
    fn an_unknown_metric_and_a_missing_section_are_found() {
        let rules =
            "- alert: Other\n  expr: |\n    sum(outbox_depth)\n      / sum(outbox_length)\n  for: 1m\n";
        let sentences = [
            "ops/prometheus/alerts.yml:1 alerts: ops/runbooks/README.md has no section \"Other\"",
            "ops/prometheus/alerts.yml:4 alerts: no service has the metric `outbox_length`",
        ];
        assert_eq!(found(rules), sentences);
    }
}
