//! Texts that people write, each a type that only a valid text can become.
//!
//! Shared rules: lengths count Unicode scalar values; control characters are refused, but for line
//! breaks and tabs where a text may have several lines; an empty text is refused with "is required"
//! where one is needed, so that a request can default absent fields to "" and report all of them.
//! Every type writes itself as a JSON string and reads itself through its own `parse`.

use utoipa::openapi::{RefOr, Schema};

use crate::schema::named;

mod emoji;
mod identity;
mod keys;
mod names;
mod rules;
mod slug;
mod value;
mod written;

pub use emoji::Emoji;
pub use identity::{Email, Username};
pub use keys::{ClientMsgId, IdempotencyKey};
pub use names::{ChannelName, DisplayName, FileName, WorkspaceName};
pub use rules::{many_lines, one_line};
pub use slug::Slug;
pub use written::{Description, MessageContent, SearchText, Topic};

/// Name and schema of every type here.
pub(crate) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    vec![
        named::<ChannelName>(),
        named::<ClientMsgId>(),
        named::<Description>(),
        named::<DisplayName>(),
        named::<Email>(),
        named::<Emoji>(),
        named::<FileName>(),
        named::<IdempotencyKey>(),
        named::<MessageContent>(),
        named::<SearchText>(),
        named::<Slug>(),
        named::<Topic>(),
        named::<Username>(),
        named::<WorkspaceName>(),
    ]
}
