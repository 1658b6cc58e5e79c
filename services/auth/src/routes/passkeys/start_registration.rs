//! `POST /auth/passkeys/register/start`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AuthError;
use crate::passkeys::{CreationOptions, Purpose};
use crate::reauthentication;
use crate::state::State;
use crate::store::{passkeys, users};

/// What the authenticator is asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewPasskey)]
pub(crate) struct Creation {
    /// `PublicKeyCredentialCreationOptionsJSON`, for `navigator.credentials.create`.
    #[schema(value_type = Object)]
    options: CreationOptions,
}

/// Begin to register a passkey
///
/// The answer is good for five minutes, in this session, once; beginning anew ends it. The session must have been
/// proven lately.
#[utoipa::path(
    post,
    path = "/auth/passkeys/register/start",
    operation_id = "start_passkey_registration",
    tag = "passkeys",
    responses(
        (status = 200, description = "What to ask of the authenticator.", body = Success<Creation>, example = json!({
            "success": true,
            "data": {"options": {
                "rp": {"name": "CoLink", "id": "example.com"},
                "user": {"id": "AZQgAAAAcACAAAAAAAAAAw", "name": "ada.l", "displayName": "Ada Lovelace"},
                "challenge": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE",
                "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
                "timeout": 300_000,
                "excludeCredentials": [],
                "authenticatorSelection": {
                    "residentKey": "preferred", "requireResidentKey": false, "userVerification": "preferred"
                },
                "attestation": "none",
                "extensions": {"credProps": true}
            }},
            "meta": {"request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z"}
        })),
    )
)]
pub(crate) async fn start_passkey_registration(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<Creation>> {
    reauthentication::require(&state, &caller).await?;
    let user = users::lookup(&state.pool, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    let known = passkeys::list(&state.pool, user.id()).await?;
    let begun = state.relying_party.begin_registration(&user, &known);
    let (options, ceremony) = begun.map_err(AuthError::crypto)?;
    let purpose = Purpose::Registration(caller.session_id());
    state.ceremonies.insert(purpose, ceremony, state.clock.now()).await?;
    Ok(Reply::ok(Creation { options }))
}
