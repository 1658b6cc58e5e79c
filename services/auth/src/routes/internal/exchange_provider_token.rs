//! `POST /internal/provider-tokens/exchange`: the gateway's way from a provider's access token to one of ours. No token
//! for one that does not count; a 403 says what keeps its bearer out.

use std::net::IpAddr;

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_http::{ApiResult, Body, Reply};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Exchanged;
use crate::api_keys::exchange::Origin;
use crate::provider_tokens::exchange;
use crate::state::State;

/// The token and its client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Who made the token, as it says itself.
    issuer: String,
    token: SecretString,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

pub(crate) async fn exchange_presented_token(
    state: Data<State>,
    caller: InternalCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Exchanged>> {
    let Request { issuer, token, ip, user_agent } = request;
    let origin = Origin { ip, user_agent: user_agent.as_deref(), context: &caller.context };
    let issued = exchange(&state, &issuer, token.expose_secret(), &origin).await?;
    Ok(Reply::ok(Exchanged::of(issued)))
}
