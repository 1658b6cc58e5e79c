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

use crate::state::State;
use actix_web::web::{ServiceConfig, resource};
use serde::Serialize;
use utoipa::ToSchema;

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
