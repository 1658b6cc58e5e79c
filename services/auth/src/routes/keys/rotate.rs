//! `POST /auth/signing-keys/rotate`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::time::Timestamp;
use colink_http::{ApiError, ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::jobs::rotate_keys::{Occasion, rotate};
use crate::reauthentication;
use crate::state::State;

/// The new key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextSigningKey)]
pub(crate) struct View {
    /// Its name in the JWKS.
    #[schema(example = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a")]
    kid: String,
    /// From when on it signs.
    activates_at: Timestamp,
}

/// Replace the signing key
///
/// For administrators of the installation; needs a proof of identity that is not old. Tokens of the old key stay valid
/// until they end. One new key waits at a time: until it signs the answer is 409, and `Retry-After` says when to come back.
#[utoipa::path(
    post,
    path = "/auth/signing-keys/rotate",
    operation_id = "rotate_signing_keys",
    tag = "keys",
    responses(
        (status = 201, description = "There is a new key.", body = Success<View>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
        (status = 409, response = inline(super::super::refusals::KeyWaits)),
    )
)]
pub(crate) async fn rotate_signing_keys(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
) -> ApiResult<Reply<View>> {
    reauthentication::require(&state, &caller).await?;
    let made = rotate(&state, &caller.cause(), Occasion::Order).await?;
    let key = made.ok_or_else(|| ApiError::internal("an ordered key was not made"))?;
    Ok(Reply::created(View { kid: key.kid, activates_at: key.activates_at.into() }))
}
