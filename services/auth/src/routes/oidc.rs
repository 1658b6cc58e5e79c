//! Sign-in through other identity providers.

pub(crate) mod callback;
pub(crate) mod exchange_code;
pub(crate) mod exchange_token;
pub(crate) mod link;
pub(crate) mod list_identities;
pub(crate) mod list_providers;
pub(crate) mod start;
pub(crate) mod unlink;

use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{ServiceConfig, delete, resource};
use colink_core::id::{ProviderId, SessionId, UserId};
use colink_http::Reply;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::oidc::cookie::{Cookies, LIFE_S};
use crate::oidc::provider::Provider;
use crate::oidc::refusal::Refusal;
use crate::oidc::return_to::ReturnTo;
use crate::oidc::{ExchangeError, FlowSecrets};
use crate::state::State;
use crate::store::{oidc_flows, oidc_providers};

/// Where to go to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BegunSignIn)]
pub(crate) struct Authorization {
    /// The provider's page, for the browser that got this answer and its cookie.
    #[schema(example = "https://sso.example.com/authorize?response_type=code&client_id=colink")]
    authorization_url: String,
}

/// A sign-in that was begun.
pub(super) struct Begun {
    authorization_url: String,
    cookie: String,
}

impl Begun {
    /// Sends the browser on.
    fn redirect(self) -> HttpResponse {
        HttpResponse::Found()
            .insert_header((header::LOCATION, self.authorization_url))
            .insert_header((header::SET_COOKIE, self.cookie))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish()
    }

    /// Tells the client where to go.
    fn reply(self) -> Reply<Authorization> {
        Reply::ok(Authorization { authorization_url: self.authorization_url })
            .header(header::SET_COOKIE, self.cookie)
            .header(header::CACHE_CONTROL, "no-store")
    }
}

/// What a sign-in is begun for.
pub(super) struct Purpose {
    return_to: ReturnTo,
    json: bool,
    link: Option<(UserId, SessionId)>,
}

/// Why a sign-in was not begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotBegun {
    /// The provider cannot be used now.
    #[error(transparent)]
    Provider(#[from] ExchangeError),
    /// It could not be kept.
    #[error(transparent)]
    Failed(#[from] AuthError),
}

/// Keeps a sign-in and says where its browser goes. A browser that is at another provider in another tab keeps its cookie, so
/// that both come back.
async fn begin(
    state: &State,
    provider: &Provider,
    cookies: &Cookies,
    purpose: &Purpose,
) -> Result<Begun, NotBegun> {
    let browser = state.oidc.cookie().read(cookies).unwrap_or_else(OpaqueToken::generate);
    let secrets = FlowSecrets { state: OpaqueToken::generate(), browser };
    let url = state.oidc.authorization_url(provider, &secrets).await?;
    let flow = oidc_flows::NewFlow {
        state: secrets.state.hash(),
        browser: secrets.browser.hash(),
        provider: &provider.key,
        return_to: purpose.return_to.as_str(),
        json: purpose.json,
        link: purpose.link,
        expires_at: state.clock.now() + chrono::Duration::seconds(LIFE_S),
    };
    oidc_flows::insert(&state.pool, &flow).await.map_err(AuthError::from)?;
    let cookie = state.oidc.cookie().header(&secrets.browser);
    Ok(Begun { authorization_url: url.into(), cookie })
}

/// Sends the browser to the page that can say why.
fn to_sign_in_page(state: &State, refusal: Refusal) -> HttpResponse {
    to_client(state, &format!("/login?error={}", refusal.word()))
}

/// Sends the browser to a place of the web client. What stands behind `#` is read by the client's own script: it is in no
/// log and no `Referer`.
fn to_client(state: &State, place: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, format!("{}{place}", state.oidc.public_url())))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The provider of this name: of the installation, or of a workspace, whatever became of that.
async fn provider_of(state: &State, key: &str) -> Result<Option<Provider>, AuthError> {
    if let Some(provider) = state.oidc.configured(key) {
        return Ok(Some(provider.clone()));
    }
    let Ok(id) = ProviderId::from_str(key) else { return Ok(None) };
    let Some(stored) = oidc_providers::lookup(&state.pool, id.as_uuid()).await? else { return Ok(None) };
    let context = oidc_providers::SEALED.context(stored.id);
    let secret = state.sealer.open(&context, &stored.sealed_client_secret)?;
    let secret = String::from_utf8(secret.to_vec()).map_err(AuthError::crypto)?;
    Provider::of_row(&stored, Some(SecretString::from(secret))).map(Some)
}

/// The provider of this name, if people may sign in through it: that of a deleted workspace is out of use.
async fn usable_provider(state: &State, key: &str) -> Result<Option<Provider>, AuthError> {
    let Some(provider) = provider_of(state, key).await? else { return Ok(None) };
    let usable = match provider.workspace_id {
        Some(workspace) => state.peers.has_workspace(workspace).await.map_err(AuthError::Peer)?,
        None => true,
    };
    Ok(usable.then_some(provider))
}

/// Sign-in through providers. Whatever leads to one carries secrets of its own, and what describes one the client's, so that
/// nothing of it is kept for repetitions.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/oidc/providers").get(list_providers::list_identity_providers))
        .service(resource("/auth/oidc/token").post(exchange_code::exchange_oidc_code))
        .service(resource("/auth/token-exchange").post(exchange_token::exchange_provider_token))
        .service(resource("/auth/oidc/identities").get(list_identities::list_identities))
        .service(
            resource("/auth/oidc/workspaces/{workspace_id}/providers")
                .get(super::oidc_providers::list::list_workspace_providers)
                .post(super::oidc_providers::create::create_workspace_provider),
        )
        .service(
            resource("/auth/oidc/workspaces/{workspace_id}/providers/{provider_id}")
                .put(super::oidc_providers::update::update_workspace_provider)
                .route(delete().to(super::oidc_providers::delete::delete_workspace_provider).wrap(once())),
        )
        .service(resource("/auth/oidc/{provider}/start").get(start::start_oidc_sign_in))
        .service(resource("/auth/oidc/{provider}/callback").get(callback::end_oidc_sign_in))
        .service(resource("/auth/oidc/{provider}/link").post(link::link_identity))
        .service(resource("/auth/oidc/{provider}").delete(unlink::unlink_identity).wrap(once()));
}
