//! Sign-ins that came to nothing although somebody proved who he is: the audit log is told why.
//!
//! Only after a proof, be it that of a provider: otherwise anybody could fill the log, and learn how an account stands.

use colink_core::id::UserId;
use colink_events::users::LoginFailed;
use colink_http::RequestContext;

use crate::error::AuthError;
use crate::sign_in::check_open;
use crate::state::State;
use crate::store::users::User;

/// Whether the user, who has proven that he is that, may be signed in.
///
/// # Errors
/// As [`check_open`], and failures of the store.
pub(crate) async fn require_open(
    state: &State,
    user: &User,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let Err(refusal) = check_open(user) else { return Ok(()) };
    let reason = match refusal {
        AuthError::Suspended => "suspended",
        AuthError::Deactivated => "deactivated",
        _ => "unverified",
    };
    state.metrics.sign_in_refused(reason, Some(user.id()));
    tell(state, Some(user.id()), reason.to_owned(), context).await?;
    Err(refusal)
}

/// Tells the audit log of a sign-in that failed.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn tell(
    state: &State,
    user_id: Option<UserId>,
    reason: String,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let mut transaction = state.begin().await?;
    let failed = LoginFailed { user_id, reason, at: state.clock.timestamp() };
    state.emit(&mut transaction, &failed, &context.cause(user_id, None)).await?;
    state.commit(transaction).await
}
