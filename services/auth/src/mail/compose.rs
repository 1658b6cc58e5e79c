//! Writing a mail at the moment of sending: whom it goes to, its link, its text.

use super::links::{self, Link};
use super::{About, Mail};
use crate::domain::letter::{self, Filling, Letter};
use crate::error::AuthError;
use crate::state::State;
use crate::store::recipients;

/// A mail that is ready to leave.
pub(crate) struct Composed {
    pub(crate) address: String,
    pub(crate) letter: Letter,
    /// Whether it holds a link of its own, which makes the one of an earlier mail void.
    pub(crate) has_link: bool,
}

/// Writes the mail; `None` when nobody is to get it any more: the account has no address (it was erased), or what its link
/// would prove is proven or void.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn compose(state: &State, mail: &Mail) -> Result<Option<Composed>, AuthError> {
    let registration = mail.about.map(|About::Registration(id)| id);
    let Some(recipient) = recipients::lookup(&state.pool, mail.user_id, registration).await? else {
        return Ok(None);
    };
    let (token, hours, has_link) = match links::make(state, mail).await? {
        Link::None => (String::new(), 0, false),
        Link::Token { token, hours } => (token.reveal(), hours, true),
        Link::Void => return Ok(None),
    };
    let filling = Filling {
        display_name: &recipient.display_name,
        username: &recipient.username,
        public_url: state.mailer.public_url(),
        token: &token,
        hours,
        facts: &mail.facts,
    };
    let letter = letter::write(mail.template, &filling);
    Ok(Some(Composed { address: recipient.email, letter, has_link }))
}
