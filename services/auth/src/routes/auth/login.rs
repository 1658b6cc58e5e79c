//! `POST /auth/login`.
//!
//! An unknown address costs the same hash and the same writes as a wrong password. The lock is looked at when the
//! turn for the hash has come and a failure is counted before the turn is given back, so guesses sent all at once
//! are at most as many more as hashes are computed at a time. Only tries that get past the lock count for the address:
//! whoever is locked out does not use up what its owner has left elsewhere.

use actix_web::web::Data;
use colink_core::id::UserId;
use colink_core::text::{Email, one_line};
use colink_events::users::{AccountLocked, LoginFailed};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::SignedIn;
use crate::domain::password::Password;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passwords::{Turn, Verdict};
use crate::sign_in::{self, begin_session, check_open};
use crate::state::State;
use crate::store::users::{self, Credentials, User};

const DEVICE_NAME_MAX: usize = 80;

/// Who signs in, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The address; capitals do not matter.
    #[serde(default)]
    #[schema(value_type = Email)]
    email: String,
    /// The password.
    #[serde(default)]
    #[schema(format = Password, max_length = 128)]
    password: String,
    /// What the session is called in the list of sessions.
    #[schema(max_length = 80)]
    device_name: Option<String>,
}

/// What is being tried: which address, from where.
struct Attempt<'a> {
    state: &'a State,
    context: &'a RequestContext,
    address: Subject,
    client: Subject,
}

/// Sign in
///
/// Five failures lock the address for the client's address for 15 minutes. The oldest session ends when there
/// would be more than ten.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login_user",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({
        "email": "ada@example.com", "password": "Gr4phite!pencil", "device_name": "Laptop"
    })),
    responses(
        (status = 200, description = "Signed in.", body = Success<SignedIn>),
        (status = 401, response = inline(super::super::refusals::InvalidCredentials)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn login_user(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    let (email, password, device_name) = all((
        field("email", Email::parse(&request.email)),
        field("password", Password::claimed(&request.password)),
        optional("device_name", request.device_name, |name| one_line(&name, 1..=DEVICE_NAME_MAX)),
    ))?;
    let (address, client) = (Subject::address(&email), Subject::client(&context));
    let attempt = Attempt { state: &state, context: &context, address, client };
    state.limits.take(Limit::Login, &attempt.client).await?;

    let found = users::find_credentials(&state.pool, &email).await?;
    let user = attempt.prove(found, &password).await?;
    check_open(&user).inspect_err(|refusal| attempt.count(refusal, user.id()))?;

    let tokens = begin_session(&state, &user, sign_in::PASSWORD, device_name.as_deref(), &context).await?;
    Ok(SignedIn::reply(&state, tokens, &user))
}

impl Attempt<'_> {
    /// The user, if the password is his.
    async fn prove(&self, found: Option<Credentials>, password: &Password) -> Result<User, AuthError> {
        let turn = self.state.passwords.turn().await?;
        let user_id = found.as_ref().map(|found| found.user.id());
        let lock = self.state.limits.check_lock(&self.address, &self.client).await;
        lock.inspect_err(|_| self.state.metrics.sign_in_refused("locked", user_id))?;
        self.state.limits.take(Limit::LoginAddress, &self.address).await?;
        let stored = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let verdict = turn.verify(password, stored).await?;
        let Some(Credentials { user, password_hash }) = found.filter(|_| verdict != Verdict::Wrong) else {
            return self.fail(user_id).await;
        };
        self.state.limits.forget_failures(&self.address, &self.client).await?;
        if let (Verdict::Outdated, Some(old)) = (verdict, password_hash) {
            self.hash_anew(&turn, user.id(), password, &old).await?;
        }
        Ok(user)
    }

    /// Counts a failure and tells the audit log.
    async fn fail<T>(&self, user_id: Option<UserId>) -> Result<T, AuthError> {
        let locked = self.state.limits.record_failure(&self.address, &self.client).await?;
        let (now, cause) = (self.state.clock.now(), self.context.cause(user_id, None));
        let mut transaction = self.state.begin().await?;
        let failed = LoginFailed { user_id, reason: "password".to_owned(), at: now.into() };
        self.state.emit(&mut transaction, &failed, &cause).await?;
        if let Some(lasts) = locked {
            let event = AccountLocked { user_id, until: (now + lasts).into(), at: now.into() };
            self.state.emit(&mut transaction, &event, &cause).await?;
            self.state.metrics.locked(user_id, lasts);
        }
        self.state.commit(transaction).await?;
        self.state.metrics.sign_in_refused("credentials", user_id);
        Err(AuthError::WrongCredentials)
    }

    async fn hash_anew(
        &self,
        turn: &Turn,
        user_id: UserId,
        password: &Password,
        old: &str,
    ) -> Result<(), AuthError> {
        let new = turn.hash(password).await?;
        users::update_password_hash(&self.state.pool, user_id, old, &new).await?;
        Ok(())
    }

    fn count(&self, refusal: &AuthError, user_id: UserId) {
        let outcome = if matches!(refusal, AuthError::Suspended) { "suspended" } else { "unverified" };
        self.state.metrics.sign_in_refused(outcome, Some(user_id));
    }
}
