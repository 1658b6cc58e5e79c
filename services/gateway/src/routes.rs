//! The URL table of the edge; `domain/table.rs` has the one behind `/api`.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::http::header::{HeaderName, RETRY_AFTER};
use actix_web::web::{self, Data, ServiceConfig, get, redirect, resource, scope};

use crate::forward::forward_call;
use crate::proxy::Clients;
use crate::socket::tunnel_socket;

pub mod document;
pub mod health;

/// Answers of the edge that a page of another origin may read.
const EXPOSED: [&str; 6] = [
    "x-request-id",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "idempotent-replayed",
    "etag",
];

/// `/health`, `/openapi.json` and `/docs` stand before those that every service has.
pub fn configure(routes: &mut ServiceConfig, allowed_origins: &Arc<Vec<String>>) {
    routes
        .app_data(Data::new(Clients::new()))
        .service(redirect("/", "/docs/"))
        .service(resource("/health").route(get().to(health::get::get_fleet_health)))
        .service(resource("/openapi.json").route(get().to(document::get::get_document)))
        .service(
            resource("/openapi/{service}.json").route(get().to(document::get_service::get_service_document)),
        )
        .service(resource("/ws").route(get().to(tunnel_socket)))
        .service(resource("/api/ws").route(get().to(tunnel_socket)))
        .service(resource("/.well-known/jwks.json").route(get().to(forward_call)))
        .service(
            scope("/api").wrap(cors(Arc::clone(allowed_origins))).default_service(web::to(forward_call)),
        );
}

fn cors(allowed: Arc<Vec<String>>) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, _| allowed.iter().any(|one| one.as_bytes() == origin.as_bytes()))
        .allow_any_method()
        .allow_any_header()
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .expose_headers([RETRY_AFTER])
        .supports_credentials()
        .block_on_origin_mismatch(false)
        .max_age(600)
}
