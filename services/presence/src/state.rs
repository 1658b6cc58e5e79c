//! What every socket and task of a node shares.

use std::sync::Arc;

use colink_auth::{Authenticator, Claims, TokenError};
use colink_core::clock::SharedClock;
use colink_core::id::UserId;
use colink_runtime::Lifecycle;

use crate::config::SocketConfig;
use crate::holes::Holes;
use crate::hub::Hub;
use crate::hub::close::Close;
use crate::metrics::PresenceMetrics;
use crate::notices;
use crate::outdated::Outdated;
use crate::peers::Peers;
use crate::sends::SendBudgets;
use crate::store::devices::Devices;
use crate::store::ephemera::{Ephemera, Notice};
use crate::typing::TypingThrottle;

/// One node.
#[derive(Debug)]
pub struct State {
    /// The time.
    pub clock: SharedClock,
    /// `[sockets]`.
    pub settings: SocketConfig,
    /// Who follows what.
    pub hub: Hub,
    /// Who is connected anywhere.
    pub devices: Devices,
    /// Notices between nodes.
    pub ephemera: Ephemera,
    /// The services that own channels and messages.
    pub peers: Peers,
    /// What is missing in rooms.
    pub holes: Holes,
    /// Tokens that open no socket any more.
    pub outdated: Outdated,
    /// Typing notices of late.
    pub typing: TypingThrottle,
    /// Posts of late.
    pub sends: SendBudgets,
    /// Counters.
    pub metrics: PresenceMetrics,
    /// Checks access tokens.
    pub authenticator: Authenticator,
    /// Tasks that outlive the frame that caused them.
    pub lifecycle: Lifecycle,
}

impl State {
    /// The claims of a token that counts.
    ///
    /// # Errors
    /// The reason to close the socket with.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claims>, Close> {
        self.authenticator.authenticate(token).await.map_err(|error| match error {
            TokenError::Unavailable => Close::Overloaded,
            TokenError::Revoked => Close::Revoked,
            TokenError::Missing | TokenError::Expired | TokenError::Invalid | TokenError::EnrolmentOnly => {
                Close::Unauthorized
            }
        })
    }

    /// Whether this node has as many sockets as it may, or as many of this user.
    pub fn takes_no_more_of(&self, user: UserId) -> bool {
        self.metrics.open_sockets() >= self.settings.max_sockets
            || self.hub.sockets_of(user).len() >= self.settings.max_sockets_per_user
    }

    /// Tells every node; while Redis is away, at least the sockets of this one.
    pub async fn tell(&self, notice: Notice) {
        self.tell_all(&[notice]).await;
    }

    /// The same of many notices at once.
    pub async fn tell_all(&self, all: &[Notice]) {
        if let Err(error) = self.ephemera.publish(all).await {
            self.metrics.redis_failed(&error);
            for notice in all {
                notices::tell(self, notice);
            }
        }
    }
}
