//! `POST /auth/reauthenticate/passkey/finish`: who he is, proven again by his authenticator.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::auth::Proven;
use super::{Answer, given};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passkeys::assertion::{self, Claimant};
use crate::passkeys::{HARDWARE, Purpose};
use crate::second_factor::MULTIPLE;
use crate::state::State;
use crate::store::users;

/// The authenticator's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeyReauthentication)]
pub(crate) struct Request {
    /// `AuthenticationResponseJSON`: what `navigator.credentials.get` gave, by `toJSON`.
    #[schema(value_type = Object)]
    credential: Option<Answer>,
}

/// Prove again who you are, with a passkey
///
/// The authenticator must check who holds it: it may be plugged into the very computer that was left open. The session
/// goes on with the tokens of the answer.
#[utoipa::path(
    post,
    path = "/auth/reauthenticate/passkey/finish",
    operation_id = "finish_passkey_reauthentication",
    tag = "passkeys",
    request_body(content = Request, example = json!({"credential": {
        "id": "q83vEjRWeJA", "rawId": "q83vEjRWeJA", "type": "public-key",
        "response": {
            "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoibUQxeFJrMG0iLCJvcmlnaW4iOiJodHRwczovL2NoYXQuZXhhbXBsZS5jb20ifQ",
            "authenticatorData": "rBmdwfRZZhnpqLSpSGjpXqOoKAf2zzJj6DEwr22UTdAFAAAAAQ",
            "signature": "MAYCAQECAQE"
        },
        "clientExtensionResults": {}
    }})),
    responses(
        (status = 200, description = "Sensitive changes are open.", body = Success<Proven>),
        (status = 401, response = inline(super::super::refusals::PasskeyRefused)),
    )
)]
pub(crate) async fn finish_passkey_reauthentication(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Proven>> {
    let (credential,) = all((field("credential", given(request.credential)),))?;
    state.limits.take(Limit::Login, &Subject::client(caller.context())).await?;
    let purpose = Purpose::Reauthentication(caller.session_id());
    let ceremony = state.ceremonies.take(purpose, state.clock.now()).await?;
    let ceremony = ceremony.ok_or(AuthError::DeadCeremony("credential"))?;
    let claimant = Claimant::User(caller.user_id());
    let proven = assertion::require(&state, claimant, &credential.0, ceremony, caller.context()).await?;
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    proven.require(&mut transaction).await?;
    let words = [HARDWARE, MULTIPLE];
    Ok(Proven::prove(&state, transaction, &user, caller.session_id(), &words).await?)
}
