//! The URL space of this service.
//!
//! What may carry a password is not wrapped in idempotency: what that keeps is a fast hash of the body, which must
//! not hold one. A repeated registration is harmless by itself, a repeated login is a second session.
//! The calls of second factors take codes or answer secrets, and are not wrapped either: a code works once.
//! Refresh has its own rule for repetitions, see [`crate::domain::refresh`].

pub(crate) mod auth;
pub(crate) mod internal;
pub(crate) mod keys;
pub(crate) mod mail_templates;
pub(crate) mod mfa;
pub(crate) mod passkeys;
pub(crate) mod refusals;
pub(crate) mod sessions;
pub(crate) mod users;

use actix_web::web::{ServiceConfig, resource};
use utoipa::OpenApi;

use crate::state::State;

/// The public paths.
#[derive(OpenApi)]
#[openapi(paths(
    auth::register::register_user,
    auth::verify_email::verify_email,
    auth::resend_verification::resend_verification,
    auth::login::login_user,
    auth::refresh::refresh_tokens,
    auth::logout::logout_user,
    auth::me::get_me,
    auth::reauthenticate::reauthenticate,
    auth::forgot_password::forgot_password,
    auth::reset_password::reset_password,
    auth::change_password::change_password,
    auth::set_password::set_password,
    mfa::verify::verify_second_factor,
    mfa::show::get_mfa,
    mfa::setup_totp::setup_totp,
    mfa::verify_totp::verify_totp,
    mfa::disable_totp::disable_totp,
    mfa::regenerate_codes::regenerate_recovery_codes,
    mfa::show_policy::get_mfa_policy,
    mfa::update_policy::update_mfa_policy,
    mfa::reset::reset_mfa,
    sessions::list::list_sessions,
    sessions::rename::rename_session,
    sessions::revoke::revoke_session,
    sessions::revoke_others::revoke_other_sessions,
    passkeys::start_registration::start_passkey_registration,
    passkeys::finish_registration::finish_passkey_registration,
    passkeys::list::list_passkeys,
    passkeys::rename::rename_passkey,
    passkeys::remove::remove_passkey,
    passkeys::start_login::start_passkey_login,
    passkeys::finish_login::finish_passkey_login,
    passkeys::start_second_factor::start_passkey_second_factor,
    passkeys::finish_second_factor::finish_passkey_second_factor,
    passkeys::start_reauthentication::start_passkey_reauthentication,
    passkeys::finish_reauthentication::finish_passkey_reauthentication,
    users::show::get_user,
    users::profile::get_profile,
    users::update::update_profile,
    users::patch::patch_profile,
    users::set_status::set_status,
    users::clear_status::clear_status,
    users::avatar::get_avatar,
    users::deactivate::deactivate_account,
    users::reactivate::reactivate_account,
    users::erase::erase_account,
    keys::jwks::get_jwks,
    keys::rotate::rotate_signing_keys,
    mail_templates::list::list_mail_templates,
    mail_templates::show::preview_mail_template,
))]
pub(crate) struct Document;

/// The URL table.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    passkeys::configure(app, state);
    app.service(resource("/auth/register").post(auth::register::register_user))
        .service(resource("/auth/verify-email").post(auth::verify_email::verify_email))
        .service(
            resource("/auth/resend-verification")
                .post(auth::resend_verification::resend_verification)
                .wrap(once()),
        )
        .service(resource("/auth/login").post(auth::login::login_user))
        .service(resource("/auth/refresh").post(auth::refresh::refresh_tokens))
        .service(resource("/auth/logout").post(auth::logout::logout_user))
        .service(resource("/auth/me").get(auth::me::get_me))
        .service(resource("/auth/reauthenticate").post(auth::reauthenticate::reauthenticate))
        .service(resource("/auth/forgot-password").post(auth::forgot_password::forgot_password).wrap(once()))
        .service(resource("/auth/reset-password").post(auth::reset_password::reset_password))
        .service(resource("/auth/change-password").post(auth::change_password::change_password))
        .service(resource("/auth/set-password").post(auth::set_password::set_password))
        .service(resource("/auth/mfa").get(mfa::show::get_mfa))
        .service(resource("/auth/mfa/verify").post(mfa::verify::verify_second_factor))
        .service(resource("/auth/mfa/totp/setup").post(mfa::setup_totp::setup_totp))
        .service(resource("/auth/mfa/totp/verify").post(mfa::verify_totp::verify_totp))
        .service(resource("/auth/mfa/totp/disable").post(mfa::disable_totp::disable_totp))
        .service(resource("/auth/mfa/recovery-codes").post(mfa::regenerate_codes::regenerate_recovery_codes))
        .service(
            resource("/auth/mfa-policy")
                .get(mfa::show_policy::get_mfa_policy)
                .put(mfa::update_policy::update_mfa_policy)
                .wrap(once()),
        )
        .service(resource("/auth/users/{user_id}/reset-mfa").post(mfa::reset::reset_mfa).wrap(once()))
        .service(
            resource("/auth/sessions")
                .get(sessions::list::list_sessions)
                .delete(sessions::revoke_others::revoke_other_sessions)
                .wrap(once()),
        )
        .service(
            resource("/auth/sessions/{session_id}")
                .patch(sessions::rename::rename_session)
                .delete(sessions::revoke::revoke_session)
                .wrap(once()),
        )
        .service(resource("/auth/signing-keys/rotate").post(keys::rotate::rotate_signing_keys).wrap(once()))
        .service(resource("/auth/mail-templates").get(mail_templates::list::list_mail_templates))
        .service(resource("/auth/mail-templates/{name}").get(mail_templates::show::preview_mail_template))
        .service(resource("/.well-known/jwks.json").get(keys::jwks::get_jwks))
        .service(
            resource("/users/me")
                .get(users::profile::get_profile)
                .put(users::update::update_profile)
                .patch(users::patch::patch_profile)
                .wrap(once()),
        )
        .service(
            resource("/users/me/status")
                .post(users::set_status::set_status)
                .delete(users::clear_status::clear_status)
                .wrap(once()),
        )
        .service(resource("/users/me/deactivate").post(users::deactivate::deactivate_account).wrap(once()))
        // Not wrapped: after it there is nobody whose answer could be kept.
        .service(resource("/users/me/erase").post(users::erase::erase_account))
        .service(
            resource("/auth/users/{user_id}/reactivate")
                .post(users::reactivate::reactivate_account)
                .wrap(once()),
        )
        .service(resource("/users/{user_id}").get(users::show::get_user))
        .service(resource("/users/{user_id}/avatar").get(users::avatar::get_avatar))
        .service(resource("/internal/users/lookup").post(internal::lookup_users::lookup_users))
        .service(resource("/internal/users/by-email").post(internal::find_user_by_email::find_user_by_email));
}
