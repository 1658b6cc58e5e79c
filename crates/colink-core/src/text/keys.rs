//! Keys that clients choose so that a repeated request is known again.

use crate::error::Invalid;
use crate::text::rules::visible_ascii;
use crate::text::value::text_type;

text_type! {
    /// A client's own name for a message it sends, unique for that sender.
    ClientMsgId, 1, 64, Some("^[!-~]+$"), "c0a8-1767225600-1"
}

impl ClientMsgId {
    /// Takes 1 to 64 visible ASCII characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        visible_ascii(text, Self::MAX).map(Self)
    }
}

text_type! {
    /// The value of the header `Idempotency-Key`.
    IdempotencyKey, 1, 64, Some("^[!-~]+$"), "8e03978e-40d5-43e8-bc93-6894a57f9324"
}

impl IdempotencyKey {
    /// Takes 1 to 64 visible ASCII characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        visible_ascii(text, Self::MAX).map(Self)
    }
}
