//! `GET /openapi.json`: every public operation of the fleet.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::state::State;

/// The documents of all services in one.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "get_document", tag = "gateway", security(()),
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"))
)]
pub async fn get_document(state: Data<Arc<State>>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(state.document.clone())
}
