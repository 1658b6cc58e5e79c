//! `POST /auth/mfa/recovery-codes`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_events::users::RecoveryCodesRegenerated;
use colink_http::{ApiResult, Reply, Success};

use super::RecoveryCodes;
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::second_factor::{enrolment, methods};
use crate::state::State;
use crate::store::users;
use crate::{mail, reauthentication};

/// Get new recovery codes
///
/// Needs a proof of identity that is not old, and a second factor. The old codes stop working.
#[utoipa::path(
    post,
    path = "/auth/mfa/recovery-codes",
    operation_id = "regenerate_recovery_codes",
    tag = "mfa",
    responses(
        (status = 200, description = "New codes; they are not shown again.", body = Success<RecoveryCodes>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
        (status = 409, response = inline(super::super::refusals::FactorConflict)),
    )
)]
pub(crate) async fn regenerate_recovery_codes(
    state: Data<State>,
    caller: Caller,
) -> ApiResult<Reply<RecoveryCodes>> {
    reauthentication::require(&state, &caller).await?;
    let (user_id, cause) = (caller.user_id(), caller.cause());
    let mut transaction = state.begin().await?;
    users::lock(&mut transaction, user_id).await?.ok_or(AuthError::UserGone)?;
    if methods(&mut transaction, user_id).await?.is_empty() {
        return Err(AuthError::NoFactor.into());
    }
    let recovery_codes = enrolment::issue_codes(&state, &mut transaction, user_id).await?;
    let event = RecoveryCodesRegenerated { user_id, at: state.clock.timestamp() };
    state.emit(&mut transaction, &event, &cause).await?;
    mail::queue(&state, &mut transaction, user_id, Template::RecoveryCodesRegenerated, &cause).await?;
    state.commit(transaction).await?;
    Ok(RecoveryCodes::reply(recovery_codes))
}
