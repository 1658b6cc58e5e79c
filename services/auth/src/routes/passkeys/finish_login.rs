//! `POST /auth/passkeys/login/finish`.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_core::text::one_line;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::auth::login::DEVICE_NAME_MAX;
use super::{Answer, given};
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passkeys::Purpose;
use crate::passkeys::assertion::{self, Claimant};
use crate::sign_in::{self, Proof};
use crate::signed_in::LoginAnswer;
use crate::state::State;
use crate::store::users;
use crate::turned_away::require_open;

/// The authenticator's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeyLogin)]
pub(crate) struct Request {
    /// From `POST /auth/passkeys/login/start`.
    #[serde(default)]
    ceremony_id: String,
    /// `AuthenticationResponseJSON`: what `navigator.credentials.get` gave, by `toJSON`.
    #[schema(value_type = Object)]
    credential: Option<Answer>,
    /// What the session is called in the list of sessions.
    #[schema(max_length = 80)]
    device_name: Option<String>,
}

/// Sign in with a passkey
///
/// The authenticator must check who holds it (PIN, finger, face), so no second factor is asked for.
#[utoipa::path(
    post,
    path = "/auth/passkeys/login/finish",
    operation_id = "finish_passkey_login",
    tag = "passkeys",
    security(()),
    request_body(content = Request, example = json!({
        "ceremony_id": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE",
        "device_name": "Laptop",
        "credential": {
            "id": "q83vEjRWeJA", "rawId": "q83vEjRWeJA", "type": "public-key",
            "response": {
                "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoibUQxeFJrMG0iLCJvcmlnaW4iOiJodHRwczovL2NoYXQuZXhhbXBsZS5jb20ifQ",
                "authenticatorData": "rBmdwfRZZhnpqLSpSGjpXqOoKAf2zzJj6DEwr22UTdAFAAAAAQ",
                "signature": "MAYCAQECAQE",
                "userHandle": "AZQgAAAAcACAAAAAAAAAAw"
            },
            "clientExtensionResults": {}
        }
    })),
    responses(
        (status = 200, description = "Signed in.", body = Success<LoginAnswer>),
        (status = 401, response = inline(super::super::refusals::PasskeyRefused)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn finish_passkey_login(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<LoginAnswer>> {
    let (id, credential, device_name) = all((
        field("ceremony_id", OpaqueToken::parse(&request.ceremony_id).ok_or_else(not_an_id)),
        field("credential", given(request.credential)),
        optional("device_name", request.device_name, |name| one_line(&name, 1..=DEVICE_NAME_MAX)),
    ))?;
    state.limits.take(Limit::Login, &Subject::client(&context)).await?;
    let ceremony = state.ceremonies.take(Purpose::SignIn(id.hash()), state.clock.now()).await?;
    let ceremony = ceremony.ok_or(AuthError::DeadCeremony("ceremony_id"))?;
    let proven = assertion::require(&state, Claimant::Anybody, &credential.0, ceremony, &context).await?;
    let user = users::lookup(&state.pool, proven.user_id).await?.ok_or(AuthError::PasskeyRefused)?;
    require_open(&state, &user, &context).await?;
    let proof = Proof::passkey(proven);
    let admission = sign_in::admit(&state, &user, proof, device_name.as_deref(), &context).await?;
    Ok(admission.reply(&state, &user))
}

fn not_an_id() -> Invalid {
    Invalid::new("is no id that was given out")
}
