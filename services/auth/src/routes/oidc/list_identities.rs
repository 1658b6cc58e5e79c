//! `GET /auth/oidc/identities`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::provider_of;
use crate::state::State;
use crate::store::identities;

/// A provider that is linked to my account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkedIdentity)]
pub(crate) struct View {
    /// The provider's id.
    #[schema(example = "google")]
    provider: String,
    /// Its name; none when it is not offered any more.
    #[schema(example = "Google")]
    name: Option<String>,
    linked_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

/// The linked providers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkedIdentities)]
pub(crate) struct Identities {
    identities: Vec<View>,
}

/// List the providers that are linked to my account
#[utoipa::path(
    get,
    path = "/auth/oidc/identities",
    operation_id = "list_identities",
    tag = "oidc",
    responses((status = 200, description = "Oldest first.", body = Success<Identities>))
)]
pub(crate) async fn list_identities(state: Data<State>, caller: Caller) -> ApiResult<Reply<Identities>> {
    let mut views = Vec::new();
    for identity in identities::list(&state.pool, caller.user_id()).await? {
        let provider = provider_of(&state, &identity.provider).await?;
        views.push(View {
            name: provider.map(|provider| provider.name),
            provider: identity.provider,
            linked_at: identity.linked_at.into(),
            last_used_at: identity.last_used_at.map(Timestamp::from),
        });
    }
    Ok(Reply::ok(Identities { identities: views }))
}
