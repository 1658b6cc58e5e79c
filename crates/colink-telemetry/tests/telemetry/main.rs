//! The promises of the crate that others build on: the shape of a log line, the life of a trace id, the registry.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod logs;
mod registry;
