//! What events promise to whoever produces and consumes them.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

mod envelope;
mod golden;
mod topics;
