//! Refusals that only this service gives, for the OpenAPI document.

use colink_http::Failure;
use utoipa::ToResponse;

/// INVALID_CREDENTIALS: the address or the password is wrong; which of the two is not said.
#[derive(ToResponse)]
#[response(description = "INVALID_CREDENTIALS", example = json!({
    "success": false,
    "error": {"code": "INVALID_CREDENTIALS", "message": "The address or the password is wrong, or the address was never verified."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct InvalidCredentials(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// INVALID_CREDENTIALS: the password or the second factor is wrong. MFA_REQUIRED: the second factor is missing.
#[derive(ToResponse)]
#[response(description = "INVALID_CREDENTIALS, MFA_REQUIRED", example = json!({
    "success": false,
    "error": {"code": "MFA_REQUIRED", "message": "A second factor is needed as well."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct FactorMissing(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// CONFLICT: the account has no password.
#[derive(ToResponse)]
#[response(description = "CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "The account has no password yet: set one."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct NoPassword(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// CONFLICT: the account has a password.
#[derive(ToResponse)]
#[response(description = "CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "The account has a password: change it, or ask for a link by mail."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct HasPassword(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// TOKEN_INVALID, TOKEN_EXPIRED: sign in again.
#[derive(ToResponse)]
#[response(description = "TOKEN_INVALID, TOKEN_EXPIRED", example = json!({
    "success": false,
    "error": {"code": "TOKEN_INVALID", "message": "The refresh token is not valid any more; sign in again."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct DeadToken(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// INVALID_CREDENTIALS: the code is wrong or was used. TOKEN_INVALID: the sign-in is over.
#[derive(ToResponse)]
#[response(description = "INVALID_CREDENTIALS, TOKEN_INVALID", example = json!({
    "success": false,
    "error": {"code": "INVALID_CREDENTIALS", "message": "The code is wrong or was used."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct WrongCode(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// REAUTHENTICATION_REQUIRED: prove again who you are; FORBIDDEN.
#[derive(ToResponse)]
#[response(description = "REAUTHENTICATION_REQUIRED, FORBIDDEN", example = json!({
    "success": false,
    "error": {"code": "REAUTHENTICATION_REQUIRED", "message": "Prove again who you are."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct Reauthenticate(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// CONFLICT: there is no such second factor, or there is one already.
#[derive(ToResponse)]
#[response(description = "CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "An authenticator app is in use: give it up first."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct FactorConflict(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// FORBIDDEN: the address is not verified, or the account is suspended.
#[derive(ToResponse)]
#[response(description = "FORBIDDEN", example = json!({
    "success": false,
    "error": {"code": "FORBIDDEN", "message": "Verify your mail address first: open the link that was sent to it."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct NotOpen(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// INVALID_CREDENTIALS: the passkey was not accepted; why is not said.
#[derive(ToResponse)]
#[response(description = "INVALID_CREDENTIALS", example = json!({
    "success": false,
    "error": {"code": "INVALID_CREDENTIALS", "message": "The passkey was not accepted."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct PasskeyRefused(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// ALREADY_EXISTS: the credential is registered. CONFLICT: there are twenty passkeys.
#[derive(ToResponse)]
#[response(description = "ALREADY_EXISTS, CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "There are as many passkeys as there may be; remove one first."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct NoMorePasskeys(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// CONFLICT: nothing else would sign in to the account.
#[derive(ToResponse)]
#[response(description = "CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "This is the last way into the account; add another one first."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct LastWayIn(#[expect(dead_code, reason = "the shape of the answer")] Failure);

/// CONFLICT: a new key waits until it signs; `Retry-After` says how long.
#[derive(ToResponse)]
#[response(description = "CONFLICT", example = json!({
    "success": false,
    "error": {"code": "CONFLICT", "message": "There is a new key already: wait until it signs."},
    "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
}))]
pub(crate) struct KeyWaits(#[expect(dead_code, reason = "the shape of the answer")] Failure);
