//! Longer texts: messages, topics, descriptions and what is searched for.

use crate::error::Invalid;
use crate::text::rules::{many_lines, one_line};
use crate::text::value::text_type;

text_type! {
    /// What a message says, in Markdown, exactly as it was written.
    MessageContent, 1, 16_000, None, "Shipped in **v2**, see #releases"
}

impl MessageContent {
    /// Most characters where an installation configures nothing else.
    pub const DEFAULT_MAX: usize = 4_000;

    /// Takes 1 to [`MessageContent::MAX`] characters, the most that can be configured.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::parse_within(text, Self::MAX)
    }

    /// Takes 1 to `max` characters; tabs and line breaks are the only control characters.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken; a text with nothing visible counts as absent.
    pub fn parse_within(text: &str, max: usize) -> Result<Self, Invalid> {
        many_lines(text, Self::MIN..=max.min(Self::MAX)).map(Self)
    }
}

text_type! {
    /// What a channel is about at the moment; empty when there is none.
    Topic, 0, 250, None, "Release on Friday"
}

impl Topic {
    /// Takes up to 250 characters of one line; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        one_line(text, Self::MIN..=Self::MAX).map(Self)
    }
}

text_type! {
    /// What a channel or workspace is for; empty when there is none.
    Description, 0, 1_000, None, "Everything about the engine room"
}

impl Description {
    /// Takes up to 1,000 characters of any number of lines, exactly as written.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        many_lines(text, Self::MIN..=Self::MAX).map(Self)
    }
}

text_type! {
    /// What somebody searches for.
    SearchText, 1, 256, None, "from:ada engine -steam"
}

impl SearchText {
    /// Takes 1 to 256 characters of one line; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        one_line(text, Self::MIN..=Self::MAX).map(Self)
    }
}
