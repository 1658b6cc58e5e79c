//! `POST /auth/mfa/passkey/finish`.

use actix_web::web::Data;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Answer, given, mfa_ticket};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passkeys::assertion::{self, Claimant, Outcome};
use crate::passkeys::{HARDWARE, PRESENCE, Purpose};
use crate::second_factor::{Method, ticket};
use crate::signed_in::SignedIn;
use crate::state::State;

/// The second half of a sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeySecondFactor)]
pub(crate) struct Request {
    /// Of the answer to the first half.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    mfa_ticket: String,
    /// `AuthenticationResponseJSON`: what `navigator.credentials.get` gave, by `toJSON`.
    #[schema(value_type = Object)]
    credential: Option<Answer>,
}

/// Finish signing in with a passkey as the second factor
///
/// A touch is enough: what the user knows was proven before. The ticket works once, and dies with the fifth refusal.
#[utoipa::path(
    post,
    path = "/auth/mfa/passkey/finish",
    operation_id = "finish_passkey_second_factor",
    tag = "passkeys",
    security(()),
    request_body(content = Request, example = json!({
        "mfa_ticket": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE",
        "credential": {
            "id": "q83vEjRWeJA", "rawId": "q83vEjRWeJA", "type": "public-key",
            "response": {
                "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoibUQxeFJrMG0iLCJvcmlnaW4iOiJodHRwczovL2NoYXQuZXhhbXBsZS5jb20ifQ",
                "authenticatorData": "rBmdwfRZZhnpqLSpSGjpXqOoKAf2zzJj6DEwr22UTdAFAAAAAQ",
                "signature": "MAYCAQECAQE"
            },
            "clientExtensionResults": {}
        }
    })),
    responses(
        (status = 200, description = "Signed in.", body = Success<SignedIn>),
        (status = 401, response = inline(super::super::refusals::PasskeyRefused)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn finish_passkey_second_factor(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    let (text, credential) = all((
        field("mfa_ticket", mfa_ticket(&request.mfa_ticket)),
        field("credential", given(request.credential)),
    ))?;
    state.limits.take(Limit::Login, &Subject::client(&context)).await?;
    let mut transaction = state.begin().await?;
    let ticket = ticket::lock(&state, &mut transaction, text, &context).await?;
    let ceremony = state.ceremonies.take(Purpose::SecondFactor(ticket.hash()), state.clock.now()).await?;
    let ceremony = ceremony.ok_or(AuthError::DeadCeremony("credential"))?;
    let claimant = Claimant::User(ticket.user.id());
    let outcome =
        assertion::take(&state, &mut transaction, claimant, &credential.0, ceremony, &context).await?;
    if matches!(outcome, Outcome::Refused(_)) {
        let cause = context.cause(Some(ticket.user.id()), None);
        ticket::fail(&state, transaction, ticket, Method::Passkey, &cause).await?;
        return Err(AuthError::PasskeyRefused.into());
    }
    let amr = &[HARDWARE, PRESENCE];
    let (tokens, user) = ticket::spend(&state, transaction, ticket, Method::Passkey, amr, &context).await?;
    Ok(SignedIn::reply(&state, tokens, &user))
}
