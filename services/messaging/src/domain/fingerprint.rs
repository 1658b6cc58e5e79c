//! Tells a repeated send from another message under the same key (M-2).

use colink_core::id::{ChannelId, FileId, MessageId};
use sha2::{Digest, Sha256};

/// SHA-256 over what the sender asked for.
pub(crate) type Fingerprint = [u8; 32];

/// The fingerprint of a send. Every part has a length or a tag, so that no two requests read alike.
pub(crate) fn of_send(
    channel_id: ChannelId,
    thread_id: Option<MessageId>,
    also_in_channel: bool,
    content: &str,
    file_ids: &[FileId],
) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(channel_id.as_uuid().as_bytes());
    hash.update([u8::from(thread_id.is_some()), u8::from(also_in_channel)]);
    if let Some(thread_id) = thread_id {
        hash.update(thread_id.as_uuid().as_bytes());
    }
    hash.update((content.len() as u64).to_be_bytes());
    hash.update(content.as_bytes());
    for file_id in file_ids {
        hash.update(file_id.as_uuid().as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;

    use super::*;

    #[test]
    fn every_part_counts() {
        let clock = ManualClock::default();
        let (channel, root, file) =
            (ChannelId::generate(&clock), MessageId::generate(&clock), FileId::generate(&clock));
        let one = of_send(channel, None, false, "a", &[]);
        assert_eq!(one, of_send(channel, None, false, "a", &[]));
        let others = [
            of_send(ChannelId::generate(&clock), None, false, "a", &[]),
            of_send(channel, Some(root), false, "a", &[]),
            of_send(channel, Some(root), true, "a", &[]),
            of_send(channel, None, false, "b", &[]),
            of_send(channel, None, false, "a", &[file]),
        ];
        assert!(others.iter().all(|other| *other != one));
    }
}
