//! The URL space, and the document that describes it.

mod content;
mod params;

use actix_web::web::{ServiceConfig, get, resource};
use utoipa::OpenApi;

/// Mounts everything.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(resource("/search").route(get().to(content::search::search_content)));
}

/// The public paths.
#[derive(OpenApi)]
#[openapi(
    info(title = "search", description = "Finds messages and files."),
    paths(content::search::search_content),
    tags((name = "search", description = "Messages and files by their words"))
)]
pub(crate) struct Document;
