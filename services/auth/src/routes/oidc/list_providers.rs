//! `GET /auth/oidc/providers`.

use actix_web::web::Data;
use colink_core::text::Slug;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, Query, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::config::Kind;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::oidc::provider::Provider;
use crate::state::State;
use crate::store::oidc_providers;

/// A way to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
pub(crate) struct View {
    /// The name in URLs.
    #[schema(example = "google")]
    id: String,
    /// The name on the button.
    #[schema(example = "Google")]
    name: String,
    kind: Kind,
}

impl From<&Provider> for View {
    fn from(provider: &Provider) -> Self {
        Self { id: provider.key.clone(), name: provider.name.clone(), kind: provider.kind }
    }
}

/// The ways to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityProviders)]
pub(crate) struct Providers {
    providers: Vec<View>,
}

/// Whose providers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The slug of a workspace, whose own providers are listed too.
    #[param(max_length = 63, example = "acme")]
    workspace: Option<String>,
}

/// List identity providers
///
/// Those of the installation, and with `workspace` also those that it brought along. An unknown workspace has none.
#[utoipa::path(
    get,
    path = "/auth/oidc/providers",
    operation_id = "list_identity_providers",
    tag = "oidc",
    security(()),
    params(Parameters),
    responses((status = 200, description = "The providers.", body = Success<Providers>))
)]
pub(crate) async fn list_identity_providers(
    state: Data<State>,
    context: RequestContext,
    Query(parameters): Query<Parameters>,
) -> ApiResult<Reply<Providers>> {
    let (slug,) = all((optional("workspace", parameters.workspace, |slug: String| Slug::parse(&slug)),))?;
    state.limits.take(Limit::Oidc, &Subject::client(&context)).await?;
    let mut providers: Vec<View> = state.oidc.providers().map(View::from).collect();
    if let Some(slug) = slug {
        providers.extend(of_workspace(&state, &slug).await?);
    }
    Ok(Reply::ok(Providers { providers }))
}

async fn of_workspace(state: &State, slug: &Slug) -> ApiResult<Vec<View>> {
    let Some(workspace_id) = state.peers.find_workspace(slug).await? else { return Ok(Vec::new()) };
    let stored = oidc_providers::list(&state.pool, workspace_id).await?;
    let providers: Result<Vec<Provider>, AuthError> =
        stored.iter().map(|stored| Provider::of_row(stored, None)).collect();
    Ok(providers?.iter().map(View::from).collect())
}
