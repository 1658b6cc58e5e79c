//! One TLS stack for our HTTP and our stores, rustls; OpenSSL only inside the Kafka client.
//!
//! The lock file is what `cargo tree` prints, so it is read itself: no process, and nothing to resolve.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "tls";

const LOCK: &str = "Cargo.lock";
/// Other TLS stacks, and the crates that bring them in.
const REFUSED: &[&str] = &["native-tls", "tokio-native-tls", "hyper-tls", "openssl", "async-native-tls"];
/// librdkafka is C and speaks TLS through the system's OpenSSL: the one user of these bindings.
const OPENSSL: (&str, &str) = ("openssl-sys", "rdkafka-sys");

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.file(LOCK).map(findings).unwrap_or_default()
}

fn findings(lock: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut package = "";
    for (number, line) in lock.lines() {
        if let Some(name) = line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"')) {
            package = name;
            if REFUSED.contains(&name) {
                let message =
                    format!("`{name}` is a second TLS stack: choose the rustls feature of what brings it");
                findings.push(Finding::new(NAME, LOCK, number, message));
            }
        } else if dependency(line) == Some(OPENSSL.0) && package != OPENSSL.1 {
            let message = format!("`{package}` uses {}: only {} may", OPENSSL.0, OPENSSL.1);
            findings.push(Finding::new(NAME, LOCK, number, message));
        }
    }
    findings
}

/// The name in a line of a `dependencies` list: ` "name",` or ` "name 1.2.3",`.
fn dependency(line: &str) -> Option<&str> {
    line.strip_prefix(" \"")?.split(['"', ' ']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lock: &str) -> Vec<usize> {
        check(&Tree::of(&[(LOCK, lock)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn openssl_below_the_kafka_client_passes() {
        let lock = "[[package]]\nname = \"openssl-sys\"\n[[package]]\nname = \"rdkafka-sys\"\ndependencies = [\n \"openssl-sys\",\n]\n";
        assert!(lines(lock).is_empty());
        assert_eq!(lines(&lock.replace("rdkafka-sys", "curl-sys")), [6]);
        assert_eq!(
            lines(
                &lock
                    .replace("rdkafka-sys", "curl-sys")
                    .replace("\"openssl-sys\",", "\"openssl-sys 0.9.1\",")
            ),
            [6]
        );
    }

    #[test]
    fn another_stack_is_found() {
        assert_eq!(lines("[[package]]\nname = \"native-tls\"\n"), [2]);
        assert_eq!(lines("[[package]]\nname = \"openssl\"\n"), [2]);
    }
}
