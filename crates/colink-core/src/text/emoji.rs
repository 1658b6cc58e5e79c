//! Reactions: one emoji of the Unicode set.

use crate::error::Invalid;
use crate::text::value::text_type;

text_type! {
    /// One emoji, in Unicode's fully qualified form, so that one picture has one spelling.
    Emoji, 1, 64, None, "👍"
}

impl Emoji {
    /// Takes one emoji of the Unicode set, with or without variation selectors and skin tones, or its
    /// shortcode as in `:thumbsup:` or `:+1:`.
    ///
    /// # Errors
    /// [`Invalid`] for any other text, also for two emoji.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::required());
        }
        let shortcode = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
        let known = match shortcode {
            Some(name) => emojis::get_by_shortcode(name),
            None => emojis::get(text),
        };
        let emoji = known.ok_or_else(|| Invalid::new("must be one emoji, such as 👍 or :thumbsup:"))?;
        Ok(Self(emoji.as_str().to_owned()))
    }

    /// The usual shortcode without colons, such as `+1`; some emoji have none.
    pub fn shortcode(&self) -> Option<&'static str> {
        emojis::get(&self.0).and_then(emojis::Emoji::shortcode)
    }
}
