//! `GET /openapi/{service}.json`: the operations of one service, as it serves them itself.

use actix_web::HttpResponse;
use actix_web::web::Path;
use colink_http::{ApiError, ApiResult};

use crate::domain::documents::SERVICES;

/// The document of one service; its paths lack the `/api` that stands before them here, but for the gateway's own.
#[utoipa::path(
    get, path = "/openapi/{service}.json", operation_id = "get_service_document", tag = "gateway", security(()),
    params(("service" = String, Path, description = "A service's name", example = "messaging")),
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"))
)]
pub async fn get_service_document(service: Path<String>) -> ApiResult<HttpResponse> {
    let document = SERVICES.iter().find(|(name, _)| *name == service.as_str());
    let (_, document) = document.ok_or_else(|| ApiError::not_found("service"))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(*document))
}
