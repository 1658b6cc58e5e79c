//! An event that is finished by the database: sealed and serialised once here, with stand-ins for what only the one
//! statement of the send path knows (the workspace, the number, the author), which SQL replaces while it inserts.
//!
//! A stand-in is made of the random bits of an id generated for this one request, so no text that a client sent can
//! contain it.

use colink_core::clock::Clock;
use colink_core::id::{EventId, UserId, WorkspaceId};
use colink_events::messages::{Author, MessageCreated, MessagePayload};
use colink_events::{Cause, Envelope};
use uuid::Uuid;

/// The stand-ins of one request.
#[derive(Debug, Clone)]
pub(crate) struct StandIns {
    /// In place of the workspace.
    pub(crate) workspace_id: WorkspaceId,
    /// In place of the number in the log.
    pub(crate) seq: i64,
    /// In place of the author.
    pub(crate) author: Author,
}

impl StandIns {
    /// New stand-ins.
    pub(crate) fn generate(author_id: UserId, clock: &dyn Clock) -> Self {
        let random = WorkspaceId::generate(clock);
        let low = u64::from_be_bytes(random.as_uuid().as_bytes()[8..].try_into().unwrap_or([0x55; 8]));
        let seq = i64::try_from((low >> 2) | (1 << 61)).unwrap_or(i64::MAX);
        let name = UserId::generate(clock).to_string();
        let author = Author {
            id: author_id,
            username: name.clone(),
            display_name: name,
            avatar_url: None,
            bot: false,
        };
        Self { workspace_id: random, seq, author }
    }
}

/// A serialised event in two parts: `head` ends with `"data":`, and `head + data + "}"` is the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The event.
    pub(crate) event_id: EventId,
    /// The envelope up to the payload. It names the actor's address: not for clients.
    pub(crate) head: String,
    /// The payload.
    pub(crate) data: String,
}

impl Sealed {
    /// Cuts a serialised envelope before its payload, which is its last field.
    ///
    /// # Errors
    /// When the envelope cannot be written.
    pub(crate) fn of(envelope: &Envelope) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(envelope)?;
        let data = envelope.data.get().to_owned();
        let head = text[..text.len() - data.len() - 1].to_owned();
        Ok(Self { event_id: envelope.id, head, data })
    }
}

/// `message.created` with stand-ins, and their texts for SQL's `replace`.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// The event.
    pub(crate) sealed: Sealed,
    /// The workspace's stand-in.
    pub(crate) workspace: String,
    /// The number's stand-in.
    pub(crate) seq: String,
    /// The author's stand-in, a JSON object.
    pub(crate) author: String,
}

impl Template {
    /// Seals a payload that was made with `stand_ins`.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn seal(
        payload: MessagePayload,
        stand_ins: &StandIns,
        cause: &Cause,
        clock: &dyn Clock,
    ) -> Result<Self, colink_events::SealError> {
        let at = payload.created_at;
        let mut envelope = Envelope::seal(&MessageCreated(payload), cause, clock)?;
        // One moment in the message, the event and the log's row, so that a replay is the same to the letter.
        envelope.at = at;
        Ok(Self {
            sealed: Sealed::of(&envelope)?,
            workspace: stand_ins.workspace_id.to_string(),
            seq: stand_ins.seq.to_string(),
            author: serde_json::to_string(&stand_ins.author)?,
        })
    }

    /// The finished envelope, as SQL makes its two parts.
    pub(crate) fn fill(&self, workspace_id: Uuid, seq: i64, author: &str) -> String {
        let (workspace_id, seq) = (workspace_id.to_string(), seq.to_string());
        let placed = |text: &str| text.replace(&self.workspace, &workspace_id).replace(&self.seq, &seq);
        let Sealed { head, data, .. } = &self.sealed;
        [placed(head).as_str(), &placed(data).replace(&self.author, author), "}"].concat()
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;
    use colink_core::id::{ChannelId, MessageId};

    use super::*;

    /// E-1: a filled template is the event that would have been sealed with the real values.
    #[test]
    fn a_filled_template_is_the_sealed_event() {
        let clock = ManualClock::default();
        let author_id = UserId::generate(&clock);
        let stand_ins = StandIns::generate(author_id, &clock);
        let payload = MessagePayload {
            id: MessageId::generate(&clock),
            channel_id: ChannelId::generate(&clock),
            workspace_id: stand_ins.workspace_id,
            seq: stand_ins.seq,
            thread_id: None,
            author: stand_ins.author.clone(),
            content: "\"seq\":1,\"data\":{}}".to_owned(),
            content_html: "<p>x</p>".to_owned(),
            client_msg_id: None,
            file_ids: Vec::new(),
            mentions: Vec::new(),
            edited_at: None,
            deleted_at: None,
            created_at: clock.timestamp(),
        };
        let template = Template::seal(payload.clone(), &stand_ins, &Cause::default(), &clock).unwrap();

        let real = Author {
            id: author_id,
            username: "ada".to_owned(),
            display_name: "Ada \"L\"".to_owned(),
            avatar_url: None,
            bot: true,
        };
        let workspace_id = WorkspaceId::generate(&clock);
        let text = template.fill(workspace_id.as_uuid(), 42, &serde_json::to_string(&real).unwrap());
        let envelope = Envelope::from_slice(text.as_bytes()).unwrap();
        assert_eq!((envelope.seq, envelope.workspace_id), (Some(42), Some(workspace_id)));
        let expected = MessagePayload { workspace_id, seq: 42, author: real, ..payload };
        assert_eq!(envelope.open::<MessageCreated>().unwrap().0, expected);
    }
}
