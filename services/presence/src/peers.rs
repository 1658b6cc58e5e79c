//! What presence asks of the services that own channels and messages.

use std::collections::HashMap;

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::{Scopes, Standing};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_core::time::Timestamp;
use colink_http::ApiError;
use colink_http::client::InternalClient;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::frame::Send;

/// Events asked for at once.
const PAGE: usize = 500;
/// Heads asked for at once.
const HEADS: usize = 1000;

/// The other services.
#[derive(Debug, Clone)]
pub struct Peers {
    channels: InternalClient,
    messaging: InternalClient,
}

/// A stretch of a channel's log.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// The events in order, as they were written.
    pub events: Vec<Box<RawValue>>,
    /// The channel's last event.
    pub head_seq: i64,
    /// What is older than the log goes back.
    #[serde(default)]
    pub gap: Option<Gap>,
}

/// Events that are not to be had any more, both ends included.
#[derive(Debug, Deserialize)]
pub struct Gap {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

/// A channel that a user is in.
#[derive(Debug, Deserialize)]
pub struct Membership {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    #[serde(default)]
    member: bool,
    /// The workspace is closed to sessions that were not proven by a second factor.
    #[serde(default)]
    require_mfa: bool,
}

#[derive(Deserialize)]
struct Memberships {
    channels: Vec<Membership>,
}

#[derive(Deserialize)]
struct StandingView {
    workspace_id: WorkspaceId,
    kind: ChannelKind,
    archived: bool,
    workspace_role: Option<WorkspaceRole>,
    channel_role: Option<ChannelRole>,
    #[serde(default)]
    require_mfa: bool,
}

/// A user's standing in a channel.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    /// The channel's workspace.
    pub workspace: WorkspaceId,
    /// The standing.
    pub standing: Standing,
    /// The workspace is closed to sessions that were not proven by a second factor.
    pub require_mfa: bool,
}

#[derive(Serialize)]
struct HeadsQuery<'a> {
    channel_ids: &'a [ChannelId],
}

#[derive(Deserialize)]
struct Heads {
    heads: Vec<Head>,
}

#[derive(Deserialize)]
struct Head {
    channel_id: ChannelId,
    seq: i64,
}

impl Peers {
    /// Peers behind these clients.
    pub fn new(channels: InternalClient, messaging: InternalClient) -> Self {
        Self { channels, messaging }
    }

    /// A user's standing in a channel with a token of these scopes, and its workspace.
    ///
    /// # Errors
    /// 404 for a channel that does not exist; 503 or 504 while channels does not answer.
    pub async fn standing(&self, channel: ChannelId, user: UserId, scopes: Scopes) -> Result<Seat, ApiError> {
        let view: StandingView =
            self.channels.get_json(&format!("/internal/channels/{channel}/standing/{user}")).await?;
        let standing = Standing {
            realm_admin: false,
            workspace: view.workspace_role,
            channel: view.channel_role,
            kind: view.kind,
            archived: view.archived,
            scopes,
        };
        Ok(Seat { workspace: view.workspace_id, standing, require_mfa: view.require_mfa })
    }

    /// The channels that a user is in, as far as they are open to a session that was proven by a second factor or was not.
    ///
    /// # Errors
    /// 503 or 504 while channels does not answer.
    pub async fn memberships(&self, user: UserId, second_factor: bool) -> Result<Vec<Membership>, ApiError> {
        let mut list: Memberships =
            self.channels.get_json(&format!("/internal/users/{user}/channels")).await?;
        list.channels.retain(|channel| channel.member && (second_factor || !channel.require_mfa));
        Ok(list.channels)
    }

    /// The workspaces that a user is in, as far as they are open to a session that was proven by a second factor or was not.
    ///
    /// # Errors
    /// 503 or 504 while channels does not answer.
    pub async fn workspaces(&self, user: UserId, second_factor: bool) -> Result<Vec<WorkspaceId>, ApiError> {
        let list: Memberships = self.channels.get_json(&format!("/internal/users/{user}/channels")).await?;
        let open = list.channels.iter().filter(|channel| second_factor || !channel.require_mfa);
        let mut workspaces: Vec<WorkspaceId> = open.map(|channel| channel.workspace_id).collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        Ok(workspaces)
    }

    /// The number of a channel's last event; 0 for a channel without any.
    ///
    /// # Errors
    /// 503 or 504 while messaging does not answer.
    pub async fn head(&self, channel: ChannelId) -> Result<i64, ApiError> {
        Ok(self.heads(&[channel]).await?.get(&channel).copied().unwrap_or(0))
    }

    /// The same for many channels.
    ///
    /// # Errors
    /// 503 or 504 while messaging does not answer.
    pub async fn heads(&self, channels: &[ChannelId]) -> Result<HashMap<ChannelId, i64>, ApiError> {
        let mut all = HashMap::with_capacity(channels.len());
        for channel_ids in channels.chunks(HEADS) {
            let heads: Heads =
                self.messaging.post_json("/internal/channels/heads", &HeadsQuery { channel_ids }).await?;
            all.extend(heads.heads.into_iter().map(|head| (head.channel_id, head.seq)));
        }
        Ok(all)
    }

    /// The number of a channel's last event before a moment; 0 when there was none.
    ///
    /// # Errors
    /// 503 or 504 while messaging does not answer.
    pub async fn head_at(&self, channel: ChannelId, at: Timestamp) -> Result<i64, ApiError> {
        let head: Head =
            self.messaging.get_json(&format!("/internal/channels/{channel}/head?at={at}")).await?;
        Ok(head.seq)
    }

    /// The events behind `after`, up to a page of them.
    ///
    /// # Errors
    /// 503 or 504 while messaging does not answer.
    pub async fn events(&self, channel: ChannelId, after: i64) -> Result<Page, ApiError> {
        self.messaging
            .get_json(&format!("/internal/channels/{channel}/events?after={after}&limit={PAGE}"))
            .await
    }

    /// Posts a message with the user's own token, so that messaging decides as for any other post.
    ///
    /// # Errors
    /// What messaging answers.
    pub async fn post(&self, token: &str, message: &Send) -> Result<Box<RawValue>, ApiError> {
        let path = format!("/channels/{}/messages", message.channel_id);
        self.messaging.on_behalf_of(token).post_json(&path, message).await
    }

    /// Marks a channel as read with the user's own token.
    ///
    /// # Errors
    /// What messaging answers.
    pub async fn read(&self, token: &str, channel: ChannelId, seq: i64) -> Result<(), ApiError> {
        let body = serde_json::json!({ "seq": seq });
        self.messaging.on_behalf_of(token).put(&format!("/channels/{channel}/read"), &body).await
    }
}
