//! Queries and nothing else, one file per aggregate.

pub(crate) mod closed_accounts;
pub(crate) mod email_tokens;
#[expect(dead_code, reason = "the notice of new devices follows with the mail jobs")]
pub(crate) mod known_devices;
pub(crate) mod mail_requests;
pub(crate) mod mfa_failures;
pub(crate) mod mfa_policy;
pub(crate) mod mfa_tickets;
pub(crate) mod passkeys;
pub(crate) mod password_resets;
pub(crate) mod profiles;
pub(crate) mod recipients;
pub(crate) mod recovery_codes;
pub(crate) mod refresh_tokens;
pub(crate) mod registrations;
pub(crate) mod sealed;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod totp_secrets;
pub(crate) mod usernames;
pub(crate) mod users;
