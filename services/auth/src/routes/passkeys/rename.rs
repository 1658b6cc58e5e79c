//! `PATCH /auth/passkeys/{passkey_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::PasskeyId;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{View, passkey_name};
use crate::state::State;
use crate::store::passkeys;

/// The new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RenamePasskey)]
pub(crate) struct Request {
    /// What its owner calls it.
    #[serde(default)]
    #[schema(max_length = 80)]
    name: String,
}

/// Rename one of my passkeys
#[utoipa::path(
    patch,
    path = "/auth/passkeys/{passkey_id}",
    operation_id = "rename_passkey",
    tag = "passkeys",
    params(("passkey_id" = PasskeyId, Path, description = "The passkey.")),
    request_body(content = Request, example = json!({"name": "Old laptop"})),
    responses((status = 200, description = "Renamed.", body = Success<View>))
)]
pub(crate) async fn rename_passkey(
    state: Data<State>,
    caller: Caller,
    Path(passkey_id): Path<PasskeyId>,
    Body(request): Body<Request>,
) -> ApiResult<Reply<View>> {
    let (name,) = all((field("name", passkey_name(&request.name)),))?;
    let renamed = passkeys::update_name(&state.pool, caller.user_id(), passkey_id, &name).await?;
    let passkey = renamed.ok_or_else(|| ApiError::not_found("passkey"))?;
    Ok(Reply::ok(View::of(passkey)))
}
