//! `POST /auth/users/{user_id}/reset-mfa`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::{MfaDisabled, PasskeyRemoved};
use colink_http::{ApiError, ApiResult, Path, Reply};
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::state::State;
use crate::store::{mfa_failures, mfa_tickets, passkeys, recovery_codes, sessions, totp_secrets, users};
use crate::{administration, mail, reauthentication};

/// Take a user's second factors away
///
/// For administrators of the installation, when somebody has lost all of his; needs a proof of identity that is not
/// old. His passkeys go, too, also when nothing else signs him in: without a password he gets one by mail
/// (`/auth/forgot-password`). The user's sessions end, sign-ins that wait are over, and he gets a mail.
#[utoipa::path(
    post,
    path = "/auth/users/{user_id}/reset-mfa",
    operation_id = "reset_mfa",
    tag = "mfa",
    params(("user_id" = UserId, Path, description = "The user.")),
    responses(
        (status = 204, description = "He signs in with his first factor."),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
    )
)]
pub(crate) async fn reset_mfa(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Path(user_id): Path<UserId>,
) -> ApiResult<Reply<()>> {
    reauthentication::require(&state, &caller).await?;
    if user_id == caller.user_id() {
        // Otherwise a password would be enough to give up the second factor that guards it.
        return Err(ApiError::forbidden("Another administrator has to do this for you."));
    }
    let cause = caller.cause();
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, user_id).await?;
    if !user.is_some_and(|user| administration::is_proven_person(&user)) {
        return Err(ApiError::not_found("user"));
    }
    totp_secrets::delete(&mut transaction, user_id).await?;
    remove_passkeys(&state, &mut transaction, user_id, &cause).await?;
    recovery_codes::delete(&mut transaction, user_id).await?;
    mfa_failures::delete(&mut transaction, user_id).await?;
    mfa_tickets::TOKENS.delete_of_user(&mut transaction, user_id).await?;
    let (now, kept, reason) = (state.clock.now(), caller.session_id(), reason::MFA_RESET);
    let ended = sessions::update_others_revoked(&mut transaction, user_id, kept, reason, now).await?;
    let ended = Revocation::record(&state, &mut transaction, user_id, ended, reason, &cause).await?;
    let event = MfaDisabled {
        user_id,
        method: "all".to_owned(),
        reason: "reset_by_admin".to_owned(),
        at: now.into(),
    };
    state.emit(&mut transaction, &event, &cause).await?;
    mail::queue(&state, &mut transaction, user_id, Template::MfaReset, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}

/// All of them: one that stayed would be a second factor without recovery codes, in whoever's hands it is.
async fn remove_passkeys(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    cause: &Cause,
) -> Result<(), AuthError> {
    for passkey_id in passkeys::delete_all(transaction, user_id).await? {
        let event = PasskeyRemoved { user_id, passkey_id, at: state.clock.timestamp() };
        state.emit(transaction, &event, cause).await?;
    }
    Ok(())
}
