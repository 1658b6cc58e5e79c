//! `DELETE /auth/passkeys/{passkey_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::PasskeyId;
use colink_events::users::PasskeyRemoved;
use colink_http::{ApiError, ApiResult, Path, Reply};

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail;
use crate::passkeys::{HARDWARE, PRESENCE};
use crate::reauthentication;
use crate::revocation::{Revocation, reason};
use crate::second_factor::enrolment;
use crate::state::State;
use crate::store::{passkeys, sessions, users};
use crate::ways_in;

/// Remove one of my passkeys
///
/// Every other session of the user ends. The last way in stays: without a password and a linked provider the last
/// passkey that signs in by itself is kept.
#[utoipa::path(
    delete,
    path = "/auth/passkeys/{passkey_id}",
    operation_id = "remove_passkey",
    tag = "passkeys",
    params(("passkey_id" = PasskeyId, Path, description = "The passkey.")),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, response = inline(super::super::refusals::LastWayIn)),
    )
)]
pub(crate) async fn remove_passkey(
    state: Data<State>,
    caller: Caller,
    Path(passkey_id): Path<PasskeyId>,
) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    let (user_id, now, cause) = (caller.user_id(), state.clock.now(), caller.cause());
    let mut transaction = state.begin().await?;
    // The row lock lets the removals of one user happen one after the other, so that one of two last ways stays.
    users::lock(&mut transaction, user_id).await?.ok_or(AuthError::UserGone)?;
    let removed = passkeys::delete(&mut transaction, user_id, passkey_id).await?;
    let removed = removed.ok_or_else(|| ApiError::not_found("passkey"))?;
    if removed.is_passwordless() && !ways_in::remain(&state, &mut transaction, user_id).await? {
        return Err(AuthError::LastWayIn.into());
    }
    enrolment::note_lost(&state, &mut transaction, &caller, &[HARDWARE, PRESENCE]).await?;
    let event = PasskeyRemoved { user_id, passkey_id, at: now.into() };
    state.emit(&mut transaction, &event, &cause).await?;
    let (kept, reason) = (caller.session_id(), reason::PASSKEY_REMOVED);
    let others = sessions::update_others_revoked(&mut transaction, user_id, kept, reason, now).await?;
    let ended = Revocation::record(&state, &mut transaction, user_id, others, reason, &cause).await?;
    mail::queue(&state, &mut transaction, user_id, Template::PasskeyRemoved, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}
