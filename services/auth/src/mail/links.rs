//! The tokens of links in mails, made at the moment of sending and stored as hashes.

use colink_core::id::UserId;

use super::{About, Mail};
use crate::domain::letter::Template;
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::state::State;
use crate::store::registrations::RegistrationId;
use crate::store::{email_tokens, password_resets};

/// What a mail's link carries.
pub(super) enum Link {
    /// The mail proves nothing.
    None,
    /// A token that was stored just now.
    Token {
        token: OpaqueToken,
        /// How long it lives.
        hours: u32,
    },
    /// There is nothing left to prove, so there is no mail.
    Void,
}

/// Makes the token of the mail's link, if the template has one. An older token for the same purpose is void.
pub(super) async fn make(state: &State, mail: &Mail) -> Result<Link, AuthError> {
    match (mail.template, mail.about) {
        (Template::VerifyEmail, Some(About::Registration(id))) => verification(state, id).await,
        (Template::VerifyEmail, None) => Ok(Link::Void),
        (Template::ResetPassword, _) => reset(state, mail.user_id).await,
        _ => Ok(Link::None),
    }
}

async fn reset(state: &State, user_id: UserId) -> Result<Link, AuthError> {
    let (token, now) = (OpaqueToken::generate(), state.clock.now());
    let expires_at = now + state.tokens.reset();
    password_resets::insert(&state.pool, user_id, token.hash(), now, expires_at).await?;
    Ok(Link::Token { token, hours: state.tokens.reset_hours })
}

async fn verification(state: &State, registration: RegistrationId) -> Result<Link, AuthError> {
    let (token, now) = (OpaqueToken::generate(), state.clock.now());
    let expires_at = now + state.tokens.verification();
    let purpose = email_tokens::VERIFY;
    let stored =
        email_tokens::insert(&state.pool, token.hash(), registration, purpose, now, expires_at).await?;
    // The registration goes when its account is verified.
    Ok(if stored { Link::Token { token, hours: state.tokens.verification_hours } } else { Link::Void })
}
