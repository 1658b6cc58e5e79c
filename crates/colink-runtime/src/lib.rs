#![doc = include_str!("../README.md")]

mod boot;
mod cli;
mod commands;
pub mod config;
mod error;
mod internal;
mod lifecycle;
mod memory;
mod migrate;
mod running;
mod schema;
mod service;
mod start;

pub use boot::{Boot, Identity, Requirement};
pub use cli::{main, run};
pub use error::{RunError, StartError, chain};
pub use internal::InternalConfig;
pub use lifecycle::{BoxError, Ending, Lifecycle, Outcome, TaskFailure};
pub use migrate::migrate;
pub use running::Running;
pub use service::{Problem, Sections, Service, ServiceCommand};
pub use start::{start, start_in};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The OpenAPI document of a service as it is checked in under `openapi/`: indented JSON with a line end.
///
/// # Errors
/// When the document has no JSON form.
pub fn openapi<S: Service>() -> Result<String, serde_json::Error> {
    let document = colink_http::openapi::openapi_document(S::NAME, S::openapi());
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
