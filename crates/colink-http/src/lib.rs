#![doc = include_str!("../README.md")]

mod body;
mod browser;
pub mod client;
mod config;
pub mod context;
mod envelope;
mod error;
pub mod etag;
mod fresh;
pub mod health;
pub mod idempotency;
pub mod middleware;
pub mod openapi;
mod params;
mod path;
mod query;
mod reply;
pub mod server;
pub mod validate;
mod workspace;

pub use body::{Body, OptionalBody, parse as parse_json};
pub use browser::Browser;
pub use config::{DEFAULT_BODY_LIMIT, HttpConfig};
pub use context::RequestContext;
pub use envelope::{ErrorBody, Failure, Meta, Success};
pub use error::{ApiError, ApiResult};
pub use fresh::Fresh;
pub use path::Path;
pub use query::Query;
pub use reply::{REPLAYED, Reply};
pub use workspace::{WORKSPACE_ID, WorkspaceScope};
