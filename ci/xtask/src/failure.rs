//! The one error type: a sentence that a person can act on.

use std::fmt;
use std::io;

/// What went wrong and what to do about it, in one sentence (log lines may follow on lines of their own).
#[derive(Debug)]
pub(crate) struct Failure(String);

/// The result of every step.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure told by `sentence`.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Says what was being done when an operation of the system failed.
pub(crate) trait OrFail<T> {
    /// Turns the error into "could not `what`: …", with the remedy where there is a known one.
    fn or_fail(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T> OrFail<T> for io::Result<T> {
    fn or_fail(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| {
            let remedy = match error.kind() {
                io::ErrorKind::StorageFull => "; free some disk space and run the command again",
                io::ErrorKind::PermissionDenied => "; run as the owner of this checkout",
                _ => "",
            };
            Failure(format!("could not {}: {error}{remedy}", what()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_names_its_remedy() {
        let full: io::Result<()> = Err(io::Error::from(io::ErrorKind::StorageFull));
        let text = full.or_fail(|| "write x".to_owned()).unwrap_err().to_string();
        assert!(text.starts_with("could not write x: "), "{text}");
        assert!(text.ends_with("free some disk space and run the command again"), "{text}");
    }
}
