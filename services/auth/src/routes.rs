//! The URL space of this service.
//!
//! What may carry a password is not wrapped in idempotency: what that keeps is a fast hash of the body, which must
//! not hold one. A repeated registration is harmless by itself, a repeated login is a second session.
//! The calls of second factors take codes or answer secrets, and are not wrapped either: a code works once.
//! Refresh has its own rule for repetitions, see [`crate::domain::refresh`].

pub(crate) mod api_keys;
pub(crate) mod auth;
pub(crate) mod bot_api_keys;
pub(crate) mod bots;
pub(crate) mod internal;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod mail_templates;
pub(crate) mod mfa;
pub(crate) mod oidc;
pub(crate) mod oidc_providers;
pub(crate) mod passkeys;
pub(crate) mod refusals;
pub(crate) mod sessions;
pub(crate) mod users;

use actix_web::web::{ServiceConfig, resource};
use colink_http::openapi::KeysIgnored;
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
    api_keys::create::create_api_key,
    api_keys::list::list_api_keys,
    api_keys::revoke::revoke_api_key,
    api_keys::rotate::rotate_api_key,
    api_keys::token::issue_api_key_token,
    bots::create::create_bot,
    bots::list::list_bots,
    bots::update::update_bot,
    bots::delete::delete_bot,
    bot_api_keys::create::create_bot_api_key,
    bot_api_keys::list::list_bot_api_keys,
    bot_api_keys::revoke::revoke_bot_api_key,
    bot_api_keys::rotate::rotate_bot_api_key,
    oidc::list_providers::list_identity_providers,
    oidc::start::start_oidc_sign_in,
    oidc::callback::end_oidc_sign_in,
    oidc::exchange_code::exchange_oidc_code,
    oidc::exchange_token::exchange_provider_token,
    oidc::list_identities::list_identities,
    oidc::link::link_identity,
    oidc::unlink::unlink_identity,
    oidc_providers::list::list_workspace_providers,
    oidc_providers::create::create_workspace_provider,
    oidc_providers::update::update_workspace_provider,
    oidc_providers::delete::delete_workspace_provider,
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
    users::set_realm_roles::set_realm_roles,
    users::erase::erase_account,
    users::request_export::request_export,
    users::list_exports::list_exports,
    users::show_export::get_export,
    keys::jwks::get_jwks,
    keys::rotate::rotate_signing_keys,
    jobs::list::list_auth_jobs,
    jobs::requeue::requeue_auth_job,
    mail_templates::list::list_mail_templates,
    mail_templates::show::preview_mail_template,
), modifiers(&UNWRAPPED))]
pub(crate) struct Document;

/// The writes that are not wrapped, for the reasons above.
const UNWRAPPED: KeysIgnored = KeysIgnored(&[
    "register_user",
    "verify_email",
    "login_user",
    "refresh_tokens",
    "logout_user",
    "reauthenticate",
    "reset_password",
    "change_password",
    "set_password",
    "verify_second_factor",
    "setup_totp",
    "verify_totp",
    "disable_totp",
    "regenerate_recovery_codes",
    "create_api_key",
    "rotate_api_key",
    "issue_api_key_token",
    "create_bot_api_key",
    "rotate_bot_api_key",
    "exchange_oidc_code",
    "exchange_provider_token",
    "link_identity",
    "create_workspace_provider",
    "update_workspace_provider",
    "finish_passkey_registration",
    "start_passkey_login",
    "finish_passkey_login",
    "start_passkey_second_factor",
    "finish_passkey_second_factor",
    "start_passkey_reauthentication",
    "finish_passkey_reauthentication",
    "erase_account",
]);

/// The URL table.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.configure(|app| auth::configure(app, state))
        .configure(|app| oidc::configure(app, state))
        .configure(|app| passkeys::configure(app, state))
        .configure(|app| mfa::configure(app, state))
        .configure(|app| sessions::configure(app, state))
        .configure(|app| users::configure(app, state))
        .configure(|app| api_keys::configure(app, state))
        .configure(|app| bots::configure(app, state))
        .configure(|app| bot_api_keys::configure(app, state))
        .service(resource("/auth/signing-keys/rotate").post(keys::rotate::rotate_signing_keys).wrap(once()))
        .service(resource("/auth/jobs").get(jobs::list::list_auth_jobs))
        .service(resource("/auth/jobs/{job_id}/requeue").post(jobs::requeue::requeue_auth_job).wrap(once()))
        .service(resource("/auth/mail-templates").get(mail_templates::list::list_mail_templates))
        .service(resource("/auth/mail-templates/{name}").get(mail_templates::show::preview_mail_template))
        .service(resource("/.well-known/jwks.json").get(keys::jwks::get_jwks))
        .service(resource("/internal/api-keys/exchange").post(internal::exchange_api_key::exchange_api_key))
        .service(resource("/internal/bots/{bot_id}").get(internal::get_bot::get_bot))
        .service(
            resource("/internal/provider-tokens/exchange")
                .post(internal::exchange_provider_token::exchange_presented_token),
        )
        .service(resource("/internal/users/lookup").post(internal::lookup_users::lookup_users))
        .service(resource("/internal/users/by-email").post(internal::find_user_by_email::find_user_by_email));
}
