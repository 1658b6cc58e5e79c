//! `GET /auth/api-keys`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Reply, Success};

use super::{View, page};
use crate::state::State;

/// List my API keys
///
/// Those that may be used, newest first; there are never more than 50, so there is one page.
#[utoipa::path(
    get,
    path = "/auth/api-keys",
    operation_id = "list_api_keys",
    tag = "api keys",
    responses((status = 200, description = "The keys, without their secrets.", body = Success<CursorPage<View>>))
)]
pub(crate) async fn list_api_keys(state: Data<State>, caller: Caller) -> ApiResult<Reply<CursorPage<View>>> {
    Ok(Reply::ok(page(&state, caller.user_id()).await?))
}
