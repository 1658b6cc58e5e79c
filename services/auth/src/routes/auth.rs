//! Becoming known, and proving it: registration, login, tokens.

pub(crate) mod change_password;
pub(crate) mod forgot_password;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod reset_password;
pub(crate) mod set_password;
pub(crate) mod verify_email;

use actix_web::web::{ServiceConfig, resource};
use colink_core::id::SessionId;
use colink_http::Reply;
use serde::Serialize;
use sqlx::{Postgres, Transaction};
use utoipa::ToSchema;

use crate::error::AuthError;
use crate::renewal;
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::sessions;
use crate::store::users::User;

/// The same answer whether the address is known or not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailOnItsWay {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

impl MailOnItsWay {
    const SENT: Self = Self { status: "verification_sent" };
}

/// The session is proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvenSession)]
pub(crate) struct Proven {
    /// For how long sensitive changes are open, in seconds.
    #[schema(example = 600)]
    expires_in: u64,
    /// The session's new tokens. Its refresh tokens of before are dead.
    session: SignedIn,
}

impl Proven {
    /// Renews a session whose user has just proven who he is, also by the words of `amr`, and answers with it. The user's
    /// row must be locked.
    ///
    /// # Errors
    /// As [`renewal::renew`].
    pub(crate) async fn prove(
        state: &State,
        mut transaction: Transaction<'static, Postgres>,
        user: &User,
        session_id: SessionId,
        amr: &[&str],
    ) -> Result<Reply<Self>, AuthError> {
        let tokens = renewal::renew(state, &mut transaction, user, session_id, amr).await?;
        sessions::update_authenticated(&mut *transaction, session_id, state.clock.now()).await?;
        state.commit(transaction).await?;
        let expires_in = state.tokens.reauthentication().as_secs();
        Ok(SignedIn::within(state, tokens, user, |session| Reply::ok(Self { expires_in, session })))
    }
}

/// The URL table. What carries a password or answers with tokens is not kept for repetitions.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/register").post(register::register_user))
        .service(resource("/auth/verify-email").post(verify_email::verify_email))
        .service(
            resource("/auth/resend-verification").post(resend_verification::resend_verification).wrap(once()),
        )
        .service(resource("/auth/login").post(login::login_user))
        .service(resource("/auth/refresh").post(refresh::refresh_tokens))
        .service(resource("/auth/logout").post(logout::logout_user))
        .service(resource("/auth/me").get(me::get_me))
        .service(resource("/auth/reauthenticate").post(reauthenticate::reauthenticate))
        .service(resource("/auth/forgot-password").post(forgot_password::forgot_password).wrap(once()))
        .service(resource("/auth/reset-password").post(reset_password::reset_password))
        .service(resource("/auth/change-password").post(change_password::change_password))
        .service(resource("/auth/set-password").post(set_password::set_password));
}
