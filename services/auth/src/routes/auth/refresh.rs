//! `POST /auth/refresh`.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_events::users::{SessionDowngraded, TokenReused};
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use sqlx::{PgConnection, Postgres, Transaction};
use utoipa::ToSchema;

use crate::browser::{Presented, RefreshIn};
use crate::domain::opaque_token::{OpaqueToken, TokenHash};
use crate::domain::refresh::{Use, judge};
use crate::error::AuthError;
use crate::revocation::{Revocation, reason};
use crate::second_factor::policy;
use crate::sign_in::{TokenPair, access_token, check_open};
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::refresh_tokens::Held;
use crate::store::users::User;
use crate::store::{refresh_tokens, sessions, users};

/// The token that is given up for a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshTokens)]
pub(crate) struct Request {
    /// Of the last login or refresh; left out by a page whose browser has it in a cookie.
    #[schema(min_length = 43, max_length = 43)]
    refresh_token: Option<String>,
}

/// Get new tokens
///
/// A refresh token works once. Used again within 10 s it counts as the same client asking twice; later it counts
/// as stolen, and the session ends. With a cookie the page sends `X-CSRF-Token`, which came with the sign-in, and the
/// next token comes as a cookie again.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh_tokens",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({"refresh_token": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE"})),
    responses(
        (status = 200, description = "New tokens of the same session.", body = Success<SignedIn>),
        (status = 401, response = inline(super::super::refusals::DeadToken)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn refresh_tokens(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    let body = request.refresh_token.as_deref().map(str::trim);
    let presented = Presented::find(&state, &context, body)?.filter(|presented| !presented.token.is_empty());
    let (presented,) = all((field("refresh_token", presented.ok_or_else(Invalid::required)),))?;
    let hash = OpaqueToken::parse(presented.token).ok_or(AuthError::DeadRefreshToken)?.hash();

    let mut transaction = state.begin().await?;
    let held = refresh_tokens::lock(&mut transaction, hash).await?;
    let held = held.ok_or(AuthError::DeadRefreshToken).inspect_err(|_| state.metrics.refreshed("dead"))?;
    let refresh_in =
        presented.check(&held, &context).inspect_err(|_| state.metrics.refreshed("misplaced"))?;
    let outcome =
        match judge(held.facts(context.user_agent()), state.clock.now(), state.tokens.refresh_grace()) {
            Use::First => {
                refresh_tokens::update_used(&mut transaction, hash, state.clock.now())
                    .await
                    .map_err(AuthError::from)?;
                "ok"
            }
            Use::Repeated => "grace",
            Use::Reused => return Err(end_family(&state, transaction, &held, &context).await?.into()),
            Use::Expired => return Err(refuse(&state, "expired", AuthError::ExpiredRefreshToken).into()),
            Use::Dead => return Err(refuse(&state, "dead", AuthError::DeadRefreshToken).into()),
        };
    let (tokens, user) = succeed(&state, &mut transaction, held, refresh_in, &context).await?;
    state.commit(transaction).await?;
    state.metrics.refreshed(outcome);
    Ok(SignedIn::reply(&state, tokens, &user))
}

fn refuse(state: &State, outcome: &'static str, refusal: AuthError) -> AuthError {
    state.metrics.refreshed(outcome);
    refusal
}

/// A successor, or a sibling of it: the session goes on.
async fn succeed(
    state: &State,
    transaction: &mut PgConnection,
    held: Held,
    refresh_in: RefreshIn,
    context: &RequestContext,
) -> Result<(TokenPair, User), AuthError> {
    let (now, session_id) = (state.clock.now(), held.session_id());
    let user = users::lookup(&mut *transaction, held.user_id()).await?.ok_or(AuthError::UserGone)?;
    check_open(&user)?;
    let refresh = OpaqueToken::generate();
    let hash: TokenHash = refresh.hash();
    let expires_at = now + state.tokens.refresh();
    refresh_tokens::insert(transaction, hash, session_id, now, expires_at).await?;
    let ip = context.ip().map(|ip| ip.to_string());
    sessions::update_seen(transaction, session_id, context.user_agent(), ip, now, expires_at).await?;
    let restricted = policy::restricts(state, transaction, &user, &held.amr, now).await?;
    if restricted != held.restricted {
        sessions::update_restricted(transaction, session_id, restricted).await?;
    }
    if restricted && !held.restricted {
        let cause = context.cause(Some(user.id()), Some(session_id));
        let reason = "second_factor_required".to_owned();
        let event = SessionDowngraded { user_id: user.id(), session_id, reason, at: now.into() };
        state.emit(transaction, &event, &cause).await?;
    }
    let access = access_token(state, &user, session_id, held.amr, restricted, now)?;
    Ok((TokenPair { session_id, access, refresh, refresh_in, restricted }, user))
}

/// Two parties hold the token: neither keeps the session.
async fn end_family(
    state: &State,
    mut transaction: Transaction<'static, Postgres>,
    held: &Held,
    context: &RequestContext,
) -> Result<AuthError, AuthError> {
    let (user_id, session_id) = (held.user_id(), held.session_id());
    let (now, reason) = (state.clock.now(), reason::TOKEN_REUSED);
    let cause = context.cause(Some(user_id), Some(session_id));
    sessions::update_revoked(&mut transaction, user_id, session_id, reason, now).await?;
    let event = TokenReused { user_id, session_id, at: now.into() };
    state.emit(&mut transaction, &event, &cause).await?;
    let ended =
        Revocation::record(state, &mut transaction, user_id, vec![session_id], reason, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    state.metrics.reused(user_id, session_id);
    Ok(AuthError::DeadRefreshToken)
}
