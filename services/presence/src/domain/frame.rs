//! The frames of the protocol in `docs/REALTIME.md`: what a client may say, and how the server says things.

use std::collections::HashMap;

use bytestring::ByteString;
use colink_core::id::{ChannelId, MessageId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::status::Status;

/// The longest frame a client may send, in bytes.
pub const MAX_FRAME_BYTES: usize = 16_384;
/// How long a typing notice is shown, in milliseconds.
pub const TYPING_MS: u64 = 5_000;

/// What a client says. Unknown fields are ignored, so that older servers understand newer clients.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame of a socket that was opened without `?token=`.
    Auth {
        /// An access token.
        token: String,
    },
    /// Follow one channel, or with `all` every channel of the user, now and later.
    Subscribe(Subscribe),
    /// Stop following a channel.
    Unsubscribe {
        /// The channel.
        channel_id: ChannelId,
    },
    /// The user is writing.
    Typing {
        /// Where.
        channel_id: ChannelId,
        /// In which thread.
        #[serde(default)]
        thread_id: Option<MessageId>,
    },
    /// What others shall see of this device.
    Presence {
        /// `online`, `away`, `dnd` or `invisible`.
        status: Status,
    },
    /// Post a message; answered by `ack` or `error` with the same `client_msg_id`.
    Send(Send),
    /// The user has read up to here.
    Read {
        /// The channel.
        channel_id: ChannelId,
        /// The last event read.
        seq: i64,
    },
    /// Answered by `pong`.
    Ping,
}

/// See [`ClientFrame::Subscribe`].
#[derive(Debug, Deserialize)]
pub struct Subscribe {
    /// One channel.
    #[serde(default)]
    pub channel_id: Option<ChannelId>,
    /// The last event that the client holds; what came since is delivered first.
    #[serde(default)]
    pub after: Option<i64>,
    /// Every channel of the user.
    #[serde(default)]
    pub all: bool,
    /// With `all`: what the client holds, by channel.
    #[serde(default)]
    pub cursors: HashMap<ChannelId, i64>,
}

/// See [`ClientFrame::Send`]. It is the body of `POST /channels/{id}/messages` with its channel.
#[derive(Debug, Deserialize, Serialize)]
pub struct Send {
    /// Where to.
    #[serde(skip_serializing)]
    pub channel_id: ChannelId,
    /// The text.
    pub content: String,
    /// The client's own id of the message: it makes a repetition harmless.
    pub client_msg_id: String,
    /// The root of the thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
}

/// What the server says besides a channel's events.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "docs/REALTIME.md describes each frame and its fields")]
pub enum ServerFrame<'a> {
    Hello {
        session_id: String,
        user_id: UserId,
        heartbeat_ms: u64,
        resume_window_s: u64,
        max_frame_bytes: usize,
    },
    Subscribed {
        channel_id: ChannelId,
        seq: i64,
    },
    Unsubscribed {
        channel_id: ChannelId,
    },
    Gap {
        channel_id: ChannelId,
        from: i64,
        to: i64,
    },
    Typing {
        channel_id: ChannelId,
        #[serde(skip_serializing_if = "Option::is_none")]
        thread_id: Option<MessageId>,
        user_id: UserId,
        username: &'a str,
        expires_in_ms: u64,
    },
    Presence {
        user_id: UserId,
        status: Status,
    },
    Read {
        channel_id: ChannelId,
        seq: i64,
    },
    Ack {
        client_msg_id: &'a str,
        message: &'a RawValue,
    },
    ChannelAdded {
        channel_id: ChannelId,
    },
    ChannelRemoved {
        channel_id: ChannelId,
    },
    SessionRevoked {
        reason: &'a str,
    },
    Pong {
        server_time: String,
    },
    Error(Refusal<'a>),
}

/// Why a frame was not obeyed.
#[derive(Debug, Serialize)]
pub struct Refusal<'a> {
    /// A code of `docs/API.md`.
    pub code: &'a str,
    /// What to do about it.
    pub message: &'a str,
    /// The channel it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// The message it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<&'a str>,
}

impl ServerFrame<'_> {
    /// The frame's text. Every variant is plain data, so an error cannot occur; an empty object would be sent.
    pub fn text(&self) -> ByteString {
        serde_json::to_string(self).unwrap_or_else(|_impossible| "{}".to_owned()).into()
    }
}

/// The parts of an event that a frame shows; `data` goes on as it was written.
#[derive(Debug, Deserialize)]
pub struct EventParts<'a> {
    #[serde(rename = "type")]
    kind: std::borrow::Cow<'a, str>,
    at: std::borrow::Cow<'a, str>,
    /// The channel's number of the event; only events of a channel's log have one.
    pub seq: Option<i64>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl<'a> EventParts<'a> {
    /// Reads an envelope, or a row of messaging's log, which has the same fields.
    ///
    /// # Errors
    /// Bytes that are no event.
    pub fn read(event: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(event)
    }

    /// The frame of a channel's event, made once for all sockets. A type that is newer than this service goes
    /// on too: the client counts every number.
    pub fn frame(&self, channel: ChannelId, seq: i64) -> ByteString {
        let name = match &*self.kind {
            "message.created" => "message".to_owned(),
            other => other.replace('.', "_"),
        };
        let (at, data) = (&self.at, self.data.get());
        format!(r#"{{"type":"{name}","channel_id":"{channel}","seq":{seq},"at":"{at}","data":{data}}}"#)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{ClientFrame, EventParts};

    const CHANNEL: &str = "01890000-0000-7000-8000-000000000001";

    /// R-2
    #[test]
    fn every_frame_of_the_protocol_is_understood() {
        let frames = [
            r#"{"type":"auth","token":"x"}"#.to_owned(),
            format!(r#"{{"type":"subscribe","channel_id":"{CHANNEL}","after":3}}"#),
            format!(r#"{{"type":"subscribe","all":true,"cursors":{{"{CHANNEL}":9}}}}"#),
            format!(r#"{{"type":"unsubscribe","channel_id":"{CHANNEL}"}}"#),
            format!(r#"{{"type":"typing","channel_id":"{CHANNEL}"}}"#),
            r#"{"type":"presence","status":"dnd"}"#.to_owned(),
            format!(r#"{{"type":"send","channel_id":"{CHANNEL}","content":"hi","client_msg_id":"1"}}"#),
            format!(r#"{{"type":"read","channel_id":"{CHANNEL}","seq":1}}"#),
            r#"{"type":"ping","later":"field"}"#.to_owned(),
        ];
        for frame in frames {
            assert!(serde_json::from_str::<ClientFrame>(&frame).is_ok(), "{frame}");
        }
    }

    /// R-2
    #[test]
    fn an_event_becomes_a_frame_with_its_data_untouched() {
        let event = br#"{"id":"x","type":"message.created","version":1,"at":"2026-01-01T00:00:00.000Z","seq":7,"data":{ "content" : "a" }}"#;
        let parts = EventParts::read(event).unwrap();
        let frame = parts.frame(CHANNEL.parse().unwrap(), 7);
        assert_eq!(
            &*frame,
            format!(
                r#"{{"type":"message","channel_id":"{CHANNEL}","seq":7,"at":"2026-01-01T00:00:00.000Z","data":{{ "content" : "a" }}}}"#
            )
        );
    }

    proptest! {
        /// T-4: nothing a client sends makes the parser fail in another way than by an error.
        #[test]
        fn any_text_is_parsed_or_refused(text in any::<String>()) {
            let _ = serde_json::from_str::<ClientFrame>(&text);
            let _ = EventParts::read(text.as_bytes());
        }
    }
}
