//! The auth service on its real stores.
#![expect(clippy::unwrap_used, reason = "a broken assumption fails the test")]

mod api_key_exchange;
mod api_keys;
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
mod auth_verify_email;
mod auth_verify_proof;
mod authenticator;
mod bots;
mod browser;
mod chromium;
mod devices;
mod expired_registrations;
mod harness;
mod import_users;
mod internal_users;
mod keys;
mod passkeys;
mod passkeys_browser;
mod passkeys_login;
mod passkeys_reauthentication;
mod secrets;
mod sessions;
mod timing;
mod users;
