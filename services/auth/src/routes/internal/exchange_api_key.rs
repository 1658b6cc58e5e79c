//! `POST /internal/api-keys/exchange`: the gateway's way from a client's key to a token. No token for a key that
//! does not count; why it does not is not said.

use std::net::IpAddr;

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_http::{ApiResult, Body, Reply};
use serde::Deserialize;

use super::Exchanged;
use crate::api_keys::exchange::{Origin, exchange};
use crate::state::State;

/// The key and its client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    key: String,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

pub(crate) async fn exchange_api_key(
    state: Data<State>,
    caller: InternalCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Exchanged>> {
    let Request { key, ip, user_agent } = request;
    let origin = Origin { ip, user_agent: user_agent.as_deref(), context: &caller.context };
    let issued = exchange(&state, &key, &origin).await?;
    Ok(Reply::ok(Exchanged::of(issued)))
}
