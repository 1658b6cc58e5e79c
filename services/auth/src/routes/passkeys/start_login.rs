//! `POST /auth/passkeys/login/start`.

use actix_web::web::Data;
use colink_http::{ApiResult, Reply, RequestContext, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passkeys::{Purpose, RequestOptions};
use crate::state::State;

/// What the authenticator is asked, and the name of the asking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BegunPasskeyLogin)]
pub(crate) struct Begun {
    /// To be sent with the authenticator's answer.
    #[schema(example = "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE")]
    ceremony_id: String,
    /// `PublicKeyCredentialRequestOptionsJSON`, for `navigator.credentials.get`.
    #[schema(value_type = Object)]
    options: RequestOptions,
}

/// Begin to sign in with a passkey
///
/// Nobody says who he is: the authenticator offers the passkeys that it has for this installation. The answer is good
/// for five minutes, once.
#[utoipa::path(
    post,
    path = "/auth/passkeys/login/start",
    operation_id = "start_passkey_login",
    tag = "passkeys",
    security(()),
    responses((status = 200, description = "What to ask of the authenticator.", body = Success<Begun>, example = json!({
        "success": true,
        "data": {
            "ceremony_id": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE",
            "options": {
                "challenge": "x0FbFJwo4oJ2hBqVfZ3kq1h0V7k5kA8qkS1aYy3bD4E", "timeout": 300_000, "rpId": "example.com",
                "allowCredentials": [], "userVerification": "required"
            }
        },
        "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
    })))
)]
pub(crate) async fn start_passkey_login(
    state: Data<State>,
    context: RequestContext,
) -> ApiResult<Reply<Begun>> {
    state.limits.take(Limit::Login, &Subject::client(&context)).await?;
    let (options, ceremony) = state.relying_party.begin_assertion(&[], true).map_err(AuthError::crypto)?;
    let id = OpaqueToken::generate();
    state.ceremonies.insert(Purpose::SignIn(id.hash()), ceremony, state.clock.now()).await?;
    Ok(Reply::ok(Begun { ceremony_id: id.reveal(), options }))
}
