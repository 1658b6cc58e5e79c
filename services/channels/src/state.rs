//! What handlers, consumers and jobs share.

use colink_bus::outbox::RelayHandle;
use colink_core::clock::SharedClock;
use colink_http::idempotency::Idempotency;
use sqlx::PgPool;

use crate::config::{InvitesConfig, WorkspacesConfig};
use crate::metrics::ChannelsMetrics;
use crate::peers::Peers;

/// The service's means.
pub struct State {
    pub(crate) pool: PgPool,
    pub(crate) clock: SharedClock,
    pub(crate) relay: RelayHandle,
    pub(crate) metrics: ChannelsMetrics,
    pub(crate) workspaces: WorkspacesConfig,
    pub(crate) invites: InvitesConfig,
    pub(crate) peers: Peers,
    pub(crate) idempotency: Idempotency,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}
