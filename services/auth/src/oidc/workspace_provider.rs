//! What is told of a provider that a workspace brought along, and how it ends, whoever ends it.

use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::SsoProviderChanged;
use sqlx::PgConnection;

use super::linking;
use crate::error::AuthError;
use crate::state::State;
use crate::store::oidc_providers::StoredProvider;
use crate::store::{identities, oidc_flows, oidc_providers};

/// Who changes a provider, and within what.
pub(crate) struct Change<'a> {
    pub(crate) by: UserId,
    pub(crate) cause: &'a Cause,
}

/// Tells of a change: `created`, `updated` or `deleted`.
///
/// # Errors
/// Failures of the outbox.
pub(crate) async fn announce(
    state: &State,
    transaction: &mut PgConnection,
    provider: &StoredProvider,
    change: &Change<'_>,
    word: &'static str,
) -> Result<(), AuthError> {
    let event = SsoProviderChanged {
        user_id: change.by,
        workspace_id: provider.workspace_id(),
        provider: provider.id.to_string(),
        change: word.to_owned(),
        trusted: provider.is_trusted(),
        at: state.clock.timestamp(),
    };
    state.emit(transaction, &event, change.cause).await
}

/// Unlinks so many people at most, tells each, and says how many it were: all, if it were fewer. The provider's row must be
/// locked.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn unlink(
    state: &State,
    transaction: &mut PgConnection,
    provider: &StoredProvider,
    most: i64,
    cause: &Cause,
) -> Result<i64, AuthError> {
    let (key, mut unlinked) = (provider.id.to_string(), 0);
    for user_id in identities::delete_of_provider(transaction, &key, most).await? {
        linking::unlinked(state, transaction, user_id, &key, &provider.name, cause).await?;
        unlinked += 1;
    }
    Ok(unlinked)
}

/// Deletes a provider whose people are unlinked: its secret goes, and sign-ins that are at it lead nowhere.
///
/// # Errors
/// As [`unlink`].
pub(crate) async fn delete(
    state: &State,
    transaction: &mut PgConnection,
    provider: &StoredProvider,
    change: &Change<'_>,
) -> Result<(), AuthError> {
    oidc_flows::delete_of_provider(&mut *transaction, &provider.id.to_string()).await?;
    oidc_providers::delete(transaction, provider.id).await?;
    announce(state, transaction, provider, change, "deleted").await
}
