//! `GET /.well-known/jwks.json`.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use colink_http::{ApiError, ApiResult};

use crate::state::State;

/// The public keys of access tokens
///
/// A JSON Web Key Set (RFC 7517), without the envelope. A key is published before it signs and until the last
/// token it signed has ended.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_jwks",
    tag = "keys",
    security(()),
    responses((status = 200, description = "The published keys.", body = serde_json::Value, example = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "kid": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }]})))
)]
pub(crate) async fn get_jwks(state: Data<State>) -> ApiResult<HttpResponse> {
    let published = state.keyring.published();
    if published.keys.is_empty() {
        return Err(ApiError::unavailable("signing key"));
    }
    // Short enough that a new key is known everywhere before it signs.
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=30")).json(published))
}
