//! Passkeys: WebAuthn level 3, <https://www.w3.org/TR/webauthn-3/>.
//!
//! A ceremony has two calls. The first makes a challenge and keeps what it stands for on this side
//! ([`Ceremonies`]); the second brings the authenticator's answer, which is checked against that by the
//! [`RelyingParty`] alone. [`assertion::take`] is the one place where a stored passkey is believed: to sign in, as a
//! second factor, and to prove an identity again.

pub(crate) mod assertion;
mod ceremonies;
mod relying_party;

/// The word of RFC 8176 in `amr` for the proof that somebody has a key.
pub(crate) const HARDWARE: &str = "hwk";
/// The word for the proof that he was there: a touch.
pub(crate) const PRESENCE: &str = "user";

pub(crate) use ceremonies::{Ceremonies, LIFETIME, Purpose};
pub(crate) use relying_party::{Assertion, CreationOptions, Refusal, RelyingParty, RequestOptions};
