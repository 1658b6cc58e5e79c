//! `GET /auth/passkeys`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Reply, Success};

use super::View;
use crate::state::State;
use crate::store::passkeys;

/// List my passkeys
///
/// Newest first; there are never more than twenty, so there is one page.
#[utoipa::path(
    get,
    path = "/auth/passkeys",
    operation_id = "list_passkeys",
    tag = "passkeys",
    responses((status = 200, description = "The passkeys.", body = Success<CursorPage<View>>))
)]
pub(crate) async fn list_passkeys(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<CursorPage<View>>> {
    let passkeys = passkeys::list(&state.pool, caller.user_id()).await?;
    let items = passkeys.into_iter().map(View::of).collect();
    Ok(Reply::ok(CursorPage { items, next_cursor: None }))
}
