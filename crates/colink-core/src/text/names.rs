//! Names of people, workspaces, channels and files.

use unicode_normalization::UnicodeNormalization;

use crate::error::Invalid;
use crate::text::rules::one_line;
use crate::text::slug::Slug;
use crate::text::value::text_type;

text_type! {
    /// The name a person is shown by.
    DisplayName, 1, 80, None, "Ada Lovelace"
}

impl DisplayName {
    /// Takes 1 to 80 characters of one line; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        one_line(text, Self::MIN..=Self::MAX).map(Self)
    }
}

text_type! {
    /// The name of a workspace.
    WorkspaceName, 1, 80, None, "Analytical Engines"
}

impl WorkspaceName {
    /// Takes 1 to 80 characters of one line; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        one_line(text, Self::MIN..=Self::MAX).map(Self)
    }
}

text_type! {
    /// The name of a channel, in any language.
    ChannelName, 3, 80, None, "engineering"
}

impl ChannelName {
    /// Takes 3 to 80 characters of one line; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        one_line(text, Self::MIN..=Self::MAX).map(Self)
    }

    /// What must be unique in the workspace; names that look alike have the same one.
    pub fn slug(&self) -> Slug {
        Slug::from_name(&self.0)
    }
}

text_type! {
    /// The name a file was uploaded under; it never becomes a path.
    FileName, 1, 255, None, "report.pdf"
}

impl FileName {
    /// Takes 1 to 255 characters of one line in Unicode's composed form; outer white space is cut off.
    ///
    /// # Errors
    /// [`Invalid`] with the rule that was broken; also for `/`, `\`, `.` and `..`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let composed: String = text.nfc().collect();
        let name = one_line(&composed, Self::MIN..=Self::MAX)?;
        if name.contains(['/', '\\']) || matches!(name.as_str(), "." | "..") {
            return Err(Invalid::new("must be the file's name alone, without a path"));
        }
        Ok(Self(name))
    }

    /// What follows the last dot, in lower case; nothing for `.profile` or `README`.
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
    }
}
