//! The auth service on its real stores.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken assumption fails the test"
)]

mod account_end;
mod account_end_admins;
mod account_end_keys;
mod api_key_exchange;
mod api_keys;
mod api_keys_policy;
mod api_keys_rotate;
mod attacks_csrf;
mod attacks_refresh;
mod attacks_requests;
mod attacks_tokens;
mod auth_change_password;
mod auth_forgot_password;
mod auth_login;
mod auth_logout;
mod auth_reauthenticate;
mod auth_refresh;
mod auth_register;
mod auth_resend_verification;
mod auth_reset_second_factor;
mod auth_verify_email;
mod auth_verify_proof;
mod authenticator;
mod authority;
mod bots;
mod browser;
mod chromium;
mod clean_up;
mod devices;
mod expired_registrations;
mod export_contents;
mod export_jobs;
mod export_uploads;
mod exports;
mod foreign_ids;
mod grant_admin;
mod harness;
mod import_users;
mod internal_users;
mod jobs;
mod keyed_writes;
mod keys;
mod limits;
mod mail;
mod mail_requests;
mod mail_templates;
mod mail_tls;
mod mfa_harness;
mod mfa_policy;
mod mfa_recovery;
mod mfa_sign_in;
mod mfa_totp;
mod oidc;
mod old_mail_queue;
mod operator;
mod passkey_races;
mod passkeys;
mod passkeys_browser;
mod passkeys_login;
mod passkeys_reauthentication;
mod passkeys_second_factor;
mod passkeys_second_proof;
mod password_races;
mod peers;
mod profiles;
mod realm_roles;
mod reencryption;
mod refusals;
mod renewal;
mod revocation;
mod secrets;
mod sessions;
mod smtp;
mod timing;
mod turned_away;
mod users;
