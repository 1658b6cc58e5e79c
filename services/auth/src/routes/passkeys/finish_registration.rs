//! `POST /auth/passkeys/register/finish`.

use actix_web::web::Data;
use colink_auth::{Caller, EnrollingCaller};
use colink_core::id::PasskeyId;
use colink_events::users::PasskeyAdded;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MOST, Registered, View, given, passkey_name};
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail;
use crate::passkeys::{HARDWARE, Purpose};
use crate::reauthentication;
use crate::renewal;
use crate::revocation::{Revocation, reason};
use crate::second_factor::{MULTIPLE, enrolment, methods};
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::passkeys::{self, Traits};
use crate::store::{sessions, users};

/// A new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeyRegistration)]
pub(crate) struct Request {
    /// What its owner calls it.
    #[serde(default)]
    #[schema(max_length = 80)]
    name: String,
    /// `RegistrationResponseJSON`: what `navigator.credentials.create` gave, by `toJSON`.
    #[schema(value_type = Object)]
    credential: Option<Registered>,
}

/// The new passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddedPasskey)]
pub(crate) struct Added {
    #[serde(flatten)]
    passkey: View,
    /// Codes that open the account without it, when it is the first second factor; they are not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["7h2k-0pq4-m9xv-c3tz"]))]
    recovery_codes: Option<Vec<String>>,
    /// The session's new tokens. Its refresh tokens of before are dead.
    session: SignedIn,
}

/// Register a passkey
///
/// From now on signing in by password asks for it. Every other session of the user ends: whoever holds one may not be
/// meant to have this way in. This one goes on with the tokens of the answer.
#[utoipa::path(
    post,
    path = "/auth/passkeys/register/finish",
    operation_id = "finish_passkey_registration",
    tag = "passkeys",
    request_body(content = Request, example = json!({
        "name": "Laptop",
        "credential": {
            "id": "q83vEjRWeJA", "rawId": "q83vEjRWeJA", "type": "public-key",
            "response": {
                "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoibUQxeFJrMG0iLCJvcmlnaW4iOiJodHRwczovL2NoYXQuZXhhbXBsZS5jb20ifQ",
                "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVglrBmdwfRZZhnpqLSpSGjpXqOoKAf2zzJj6DEwr22UTdAFAAAAAQ",
                "transports": ["internal"]
            },
            "clientExtensionResults": {"credProps": {"rk": true}}
        }
    })),
    responses(
        (status = 201, description = "Registered.", body = Success<Added>),
        (status = 409, response = inline(super::super::refusals::NoMorePasskeys)),
    )
)]
pub(crate) async fn finish_passkey_registration(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Added>> {
    reauthentication::require(&state, &caller).await?;
    let (name, credential) =
        all((field("name", passkey_name(&request.name)), field("credential", given(request.credential))))?;
    let purpose = Purpose::Registration(caller.session_id());
    let ceremony = state.ceremonies.take(purpose, state.clock.now()).await?;
    let ceremony = ceremony.ok_or(AuthError::DeadCeremony("credential"))?;
    let traits = state.relying_party.finish_registration(&credential.0, &ceremony).map_err(|refusal| {
        tracing::debug!(%refusal, "a passkey was not registered");
        AuthError::PasskeyUnsound
    })?;
    Ok(add(&state, &caller, &name, &traits).await?)
}

async fn add(state: &State, caller: &Caller, name: &str, traits: &Traits) -> Result<Reply<Added>, AuthError> {
    let (user_id, now, cause) = (caller.user_id(), state.clock.now(), caller.cause());
    let mut transaction = state.begin().await?;
    // The row lock lets a user's registrations happen one after the other, so that the cap holds.
    let user = users::lock(&mut transaction, user_id).await?.ok_or(AuthError::UserGone)?;
    let factors = methods(&mut transaction, user_id).await?;
    if passkeys::count(&mut *transaction, user_id).await? >= MOST {
        return Err(AuthError::TooManyPasskeys);
    }
    let passkey_id = PasskeyId::generate(state.clock.as_ref());
    let inserted = passkeys::insert(&mut transaction, passkey_id, user_id, name, traits, now).await?;
    let passkey = inserted.ok_or(AuthError::PasskeyKnown)?;
    let event = PasskeyAdded { user_id, passkey_id, at: now.into() };
    state.emit(&mut transaction, &event, &cause).await?;
    // Whoever had no second factor has one now, and would be shut out if he lost it.
    let recovery_codes = if factors.is_empty() {
        Some(enrolment::issue_codes(state, &mut transaction, user_id).await?)
    } else {
        None
    };
    // The authenticator was used in this session, beside what that was begun with.
    let (kept, reason) = (caller.session_id(), reason::PASSKEY_ADDED);
    let tokens = renewal::renew(state, &mut transaction, &user, kept, &[HARDWARE, MULTIPLE]).await?;
    let others = sessions::update_others_revoked(&mut transaction, user_id, kept, reason, now).await?;
    let ended = Revocation::record(state, &mut transaction, user_id, others, reason, &cause).await?;
    mail::queue(state, &mut transaction, user_id, Template::PasskeyAdded, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    let passkey = View::of(passkey);
    Ok(SignedIn::within(state, tokens, &user, |session| {
        Reply::created(Added { passkey, recovery_codes, session })
    }))
}
