//! Tickets: a sign-in whose first factor was good and whose second one is awaited.
//!
//! A ticket is 32 random bytes of which only the hash is kept, lives for `mfa.ticket_minutes`, dies with the failure
//! number `mfa.ticket_failures`, and is spent once, in the transaction that begins the session. It opens nothing but the
//! calls that take a second factor. It belongs to the program that gave the first one (`User-Agent`), so a ticket that
//! leaked alone is not enough elsewhere; addresses may change, as those of phones do.
//!
//! Whoever takes a second factor begins a transaction, calls [`lock`], checks the factor, and ends with [`spend`] or
//! [`fail`]. The user's row is locked from [`lock`] on, so that the attempts of one user follow each other.

use colink_events::Cause;
use colink_http::RequestContext;
use sqlx::{PgConnection, Postgres, Transaction};

use super::Challenge;
use crate::domain::opaque_token::{OpaqueToken, TokenHash};
use crate::error::AuthError;
use crate::second_factor::{Method, codes};
use crate::sign_in::{Grounds, Proof, TokenPair, open_session};
use crate::state::State;
use crate::store::mfa_tickets::{self, NewTicket, StoredTicket};
use crate::store::users::{self, User};

/// A ticket that is good, with its user; both rows are locked.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Whose sign-in waits.
    pub(crate) user: User,
    hash: TokenHash,
    stored: StoredTicket,
}

impl Ticket {
    /// What is stored of it, as a name for what happens under it.
    pub(crate) fn hash(&self) -> TokenHash {
        self.hash
    }
}

/// Lets a sign-in wait for its second factor.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn issue(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    proof: &Proof,
    methods: Vec<Method>,
    device_name: Option<&str>,
    context: &RequestContext,
) -> Result<Challenge, AuthError> {
    let (ticket, now) = (OpaqueToken::generate(), state.clock.now());
    let new = NewTicket {
        user_id: user.id(),
        method: proof.method,
        amr: &proof.amr,
        authenticated_at: proof.authenticated_at,
        device_name,
        user_agent: context.user_agent(),
        now,
        expires_at: now + state.mfa.ticket(),
    };
    mfa_tickets::insert(transaction, ticket.hash(), &new).await?;
    Ok(Challenge { ticket, methods })
}

/// The ticket that is written so.
///
/// # Errors
/// [`AuthError::DeadTicket`] when it was used, has expired, belongs to another program or never was; failures of the
/// store.
pub(crate) async fn lock(
    state: &State,
    transaction: &mut PgConnection,
    text: &str,
    context: &RequestContext,
) -> Result<Ticket, AuthError> {
    let hash = OpaqueToken::parse(text).ok_or(AuthError::DeadTicket)?.hash();
    let now = state.clock.now();
    let user_id = mfa_tickets::TOKENS.find_user(&mut *transaction, hash, now).await?;
    let user_id = user_id.ok_or(AuthError::DeadTicket)?;
    // The user first, as in every transaction that locks both.
    let user = users::lock(transaction, user_id).await?.ok_or(AuthError::DeadTicket)?;
    let stored = mfa_tickets::lock(transaction, hash, now).await?.ok_or(AuthError::DeadTicket)?;
    if stored.user_agent.as_deref() != context.user_agent() {
        return Err(AuthError::DeadTicket);
    }
    Ok(Ticket { user, hash, stored })
}

/// The second factor was good: begins the session. `amr` is what the second factor adds to the first one's.
///
/// # Errors
/// As [`open_session`]; then the ticket is not spent.
pub(crate) async fn spend(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    ticket: Ticket,
    method: Method,
    amr: &[&str],
    context: &RequestContext,
) -> Result<(TokenPair, User), AuthError> {
    mfa_tickets::delete(&mut transaction, ticket.hash).await?;
    let StoredTicket { method: first, amr: proven, authenticated_at, device_name, .. } = ticket.stored;
    let grounds = Grounds::of_two(first, proven, authenticated_at, method, amr);
    let opened =
        open_session(state, &mut transaction, &ticket.user, grounds, device_name.as_deref(), context).await?;
    state.commit(transaction).await?;
    Ok((opened.announce(state).await, ticket.user))
}

/// The second factor was wrong: counts the failure for the ticket, and a guessable one for the user.
///
/// # Errors
/// Failures of stores; otherwise it returns the refusal.
pub(crate) async fn fail(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    ticket: Ticket,
    method: Method,
    cause: &Cause,
) -> Result<AuthError, AuthError> {
    let failures = mfa_tickets::update_failed(&mut transaction, ticket.hash).await?;
    if u32::try_from(failures).is_ok_and(|failures| failures >= state.mfa.ticket_failures) {
        mfa_tickets::delete(&mut transaction, ticket.hash).await?;
    }
    codes::fail(state, transaction, ticket.user.id(), method, cause).await
}
