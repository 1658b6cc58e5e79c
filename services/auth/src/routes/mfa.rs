//! Second factors of the caller, the sign-ins that wait for one, and who must have one.

pub(crate) mod disable_totp;
pub(crate) mod regenerate_codes;
pub(crate) mod reset;
pub(crate) mod setup_totp;
pub(crate) mod show;
pub(crate) mod show_policy;
pub(crate) mod update_policy;
pub(crate) mod verify;
pub(crate) mod verify_totp;

use crate::state::State;
use actix_web::http::header;
use actix_web::web::{ServiceConfig, resource};
use colink_core::error::{FieldError, Invalid};
use colink_http::Reply;
use colink_http::validate::field;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::recovery_code::RecoveryCode;
use crate::domain::totp::Code;
use crate::second_factor::codes::Shown;

/// What a TOTP code adds to `amr` (RFC 8176); a recovery code is one of its kind, a list of codes used once each.
pub(crate) const OTP: &[&str] = &["otp"];

/// Codes that are shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Ten codes; each works once instead of the second factor.
    #[schema(example = json!(["7h2k-0pq4-m9xv-c3tz"]))]
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    fn reply(recovery_codes: Vec<String>) -> Reply<Self> {
        private(Self { recovery_codes })
    }
}

/// Secrets are for one reader: nothing in between may keep them.
fn private<T: Serialize>(answer: T) -> Reply<T> {
    Reply::ok(answer).header(header::CACHE_CONTROL, "no-store")
}

/// Exactly one of the two codes.
pub(crate) fn shown(code: Option<&str>, recovery_code: Option<&str>) -> Result<Shown, FieldError> {
    match (code, recovery_code) {
        (Some(code), None) => field("code", Code::parse(code)).map(Shown::Totp),
        (None, Some(code)) => field("recovery_code", RecoveryCode::parse(code)).map(Shown::Recovery),
        (None, None) => Err(Invalid::required().at("code")),
        (Some(_), Some(_)) => Err(Invalid::new("must not be given with a code").at("recovery_code")),
    }
}

/// The URL table. What answers with tokens or codes is not kept for repetitions.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/mfa").get(show::get_mfa))
        .service(resource("/auth/mfa/verify").post(verify::verify_second_factor))
        .service(resource("/auth/mfa/totp/setup").post(setup_totp::setup_totp))
        .service(resource("/auth/mfa/totp/verify").post(verify_totp::verify_totp))
        .service(resource("/auth/mfa/totp/disable").post(disable_totp::disable_totp))
        .service(resource("/auth/mfa/recovery-codes").post(regenerate_codes::regenerate_recovery_codes))
        .service(
            resource("/auth/mfa-policy")
                .get(show_policy::get_mfa_policy)
                .put(update_policy::update_mfa_policy)
                .wrap(once()),
        )
        .service(resource("/auth/users/{user_id}/reset-mfa").post(reset::reset_mfa).wrap(once()));
}
