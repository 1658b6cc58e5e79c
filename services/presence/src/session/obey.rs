//! What each client frame does.

use std::sync::Arc;
use std::time::Duration;

use colink_auth::Claims;
use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, MessageId};
use colink_core::permission::{Action, Scope};
use colink_core::time::Timestamp;
use colink_http::ApiError;
use tokio::sync::Mutex;

use crate::domain::frame::{ClientFrame, Refusal, Send, ServerFrame, Subscribe};
use crate::domain::status::Status;
use crate::follow::{follow, follow_all};
use crate::hub::close::Close;
use crate::hub::socket::Socket;
use crate::state::State;
use crate::store::ephemera::Notice;
use crate::visibility;

/// Channels that one socket may follow.
const FOLLOWED_LIMIT: usize = 5_000;

/// A connected client and what its frames work on.
pub(super) struct Client {
    pub(super) state: Arc<State>,
    pub(super) socket: Arc<Socket>,
    /// Who he is: asked again with every heartbeat whether that still counts.
    pub(super) claims: Arc<Claims>,
    /// The token it came with: its posts are made with it.
    pub(super) token: String,
    /// What it last said of itself. Locked while that is written, so that the last word is written last.
    pub(super) status: Mutex<Status>,
}

impl Client {
    /// Obeys one frame; an error closes the socket.
    pub(super) async fn obey(&self, text: &str) -> Result<(), Close> {
        match serde_json::from_str(text) {
            Ok(ClientFrame::Subscribe(subscribe)) => self.subscribe(subscribe).await,
            Ok(ClientFrame::Unsubscribe { channel_id }) => self.unsubscribe(channel_id),
            Ok(ClientFrame::Typing { channel_id, thread_id }) => self.typing(channel_id, thread_id).await,
            Ok(ClientFrame::Presence { status }) if self.carries(Scope::PresenceWrite) => {
                self.set_status(status).await;
            }
            Ok(ClientFrame::Presence { .. }) => {
                self.refuse(&ApiError::forbidden(Scope::PresenceWrite.refusal()), None, None);
            }
            Ok(ClientFrame::Send(message)) => self.send(&message).await,
            Ok(ClientFrame::Read { channel_id, seq }) => self.read(channel_id, seq).await,
            Ok(ClientFrame::Ping) => {
                let server_time = Timestamp::from(self.state.clock.now()).to_string();
                self.socket.push_ephemeral(ServerFrame::Pong { server_time }.text());
            }
            Ok(ClientFrame::Auth { .. }) | Err(_) => return Err(Close::Malformed),
        }
        Ok(())
    }

    async fn subscribe(&self, subscribe: Subscribe) {
        let outcome = match subscribe {
            Subscribe { all: true, cursors, .. } => follow_all(&self.state, &self.socket, &cursors).await,
            Subscribe { channel_id: Some(channel), after, .. } if self.may_follow_more(channel) => {
                follow(&self.state, &self.socket, channel, after).await
            }
            Subscribe { channel_id: Some(_), .. } => {
                Err(ApiError::conflict("too many channels on one socket"))
            }
            Subscribe { channel_id: None, .. } => Err(ApiError::of(ErrorKind::Validation)
                .with_field("channel_id", "is required, unless `all` is true")),
        };
        match outcome {
            Ok(()) => visibility::show(&self.state, &self.socket).await,
            Err(error) => self.refuse(&error, subscribe.channel_id, None),
        }
    }

    fn may_follow_more(&self, channel: ChannelId) -> bool {
        self.socket.followed().contains(channel) || self.socket.followed().count() < FOLLOWED_LIMIT
    }

    fn unsubscribe(&self, channel_id: ChannelId) {
        self.state.hub.leave(channel_id, &self.socket);
        self.socket.push_ephemeral(ServerFrame::Unsubscribed { channel_id }.text());
    }

    /// Only who follows a channel may be seen typing in it; a reader who did not join does not type.
    async fn typing(&self, channel_id: ChannelId, thread_id: Option<MessageId>) {
        if !self.carries(Action::Type.scope()) {
            return self.refuse(&ApiError::forbidden(Action::Type.scope().refusal()), Some(channel_id), None);
        }
        if !self.socket.followed().contains(channel_id) {
            return self.refuse(
                &ApiError::forbidden("subscribe to the channel first"),
                Some(channel_id),
                None,
            );
        }
        if !self.state.typing.allows(self.socket.id(), channel_id).await {
            return;
        }
        let (user_id, username) = (self.socket.user_id(), self.socket.username().to_owned());
        self.state.tell(Notice::Typing { channel_id, thread_id, user_id, username }).await;
    }

    async fn send(&self, message: &Send) {
        if !self.state.sends.allow(self.socket.user_id()).await {
            let error = ApiError::of(ErrorKind::RateLimited);
            return self.refuse(&error, Some(message.channel_id), Some(&message.client_msg_id));
        }
        match self.state.peers.post(&self.token, message).await {
            Ok(posted) => {
                let ack = ServerFrame::Ack { client_msg_id: &message.client_msg_id, message: &posted };
                self.socket.send(ack.text()).await;
            }
            Err(error) => self.refuse(&error, Some(message.channel_id), Some(&message.client_msg_id)),
        }
    }

    async fn read(&self, channel_id: ChannelId, seq: i64) {
        match self.state.peers.read(&self.token, channel_id, seq).await {
            Ok(()) => {
                let (user_id, socket_id) = (self.socket.user_id(), self.socket.id());
                self.state.tell(Notice::Read { user_id, socket_id, channel_id, seq }).await;
            }
            Err(error) => self.refuse(&error, Some(channel_id), None),
        }
    }

    fn refuse(&self, error: &ApiError, channel_id: Option<ChannelId>, client_msg_id: Option<&str>) {
        let code = error.kind().code();
        self.state.metrics.refused(code);
        let message = error.details().first().map_or(error.message(), |field| &field.message);
        self.socket
            .push_ephemeral(ServerFrame::Error(Refusal { code, message, channel_id, client_msg_id }).text());
    }

    /// The device counts as online, unless its token may not show that.
    pub(super) async fn arrive(&self) {
        if self.carries(Scope::PresenceWrite) {
            self.set_status(Status::Online).await;
        }
    }

    fn carries(&self, scope: Scope) -> bool {
        self.socket.scopes().contains(scope)
    }

    /// Why the socket ends with this heartbeat, if it does; otherwise the device is noted as still there.
    pub(super) async fn has_ended(&self, silent_for: Duration, heartbeat: Duration) -> Option<Close> {
        if silent_for > heartbeat * 2 {
            return Some(Close::HeartbeatMissed);
        }
        // The event that ends a session may have passed before the socket was in the hub.
        if self.state.authenticator.is_revoked(&self.claims).await {
            return Some(Close::Revoked);
        }
        self.stay().await;
        None
    }

    /// The device is noted as still there. One that Redis lost, or that was swept while Redis was away, or whose status
    /// Redis did not take, is noted anew and shown again.
    async fn stay(&self) {
        let until = self.state.clock.now() + self.state.settings.device_lifetime();
        let kept = match self.state.devices.touch(self.socket.user_id(), self.socket.id(), until).await {
            Ok(kept) => kept,
            Err(error) => return self.state.metrics.redis_failed(&error),
        };
        if !self.carries(Scope::PresenceWrite) {
            return;
        }
        let said = self.status.lock().await;
        if kept != Some(*said) {
            self.note(*said).await;
            visibility::show(&self.state, &self.socket).await;
        }
    }

    /// The device is gone; the user is, when it was his last and the grace is over. What is not noted any more is left
    /// at that.
    pub(super) async fn leave(&self) {
        let until = self.state.clock.now() + Duration::from_millis(self.state.settings.offline_grace_ms);
        let left = self.state.devices.touch(self.socket.user_id(), self.socket.id(), until).await;
        if let Err(error) = left {
            self.state.metrics.redis_failed(&error);
        }
    }

    async fn set_status(&self, status: Status) {
        let mut said = self.status.lock().await;
        *said = status;
        self.note(status).await;
    }

    /// Notes the device's status, and tells those who see the user differently by it.
    async fn note(&self, status: Status) {
        let until = self.state.clock.now() + self.state.settings.device_lifetime();
        let user_id = self.socket.user_id();
        match self.state.devices.set(user_id, self.socket.id(), status, until).await {
            Ok((before, now)) if before.status != now.status => {
                let notice = Notice::Presence { user_id, status: now.status, workspaces: now.workspaces };
                self.state.tell(notice).await;
            }
            Ok(_) => {}
            Err(error) => self.state.metrics.redis_failed(&error),
        }
    }
}
