//! The search service from outside: fed by real events over Kafka, asked over HTTP. Only the channels service is played.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod channels_stub;
mod content_search;
mod content_search_access;
mod content_search_files;
mod content_search_input;
mod foreign_ids;
mod harness;
mod indexing;
mod languages;
mod refusals;
mod scopes;
