//! What stands in a `tsvector`: tokens with positions, and facets without.
//!
//! A facet says where something is and what it has, as a lexeme that no token can be (tokens never begin with `=`). So the
//! one inverted index answers words, workspace, channels and author together. Texts are made for a cast, not for
//! Postgres' own parser: languages do not depend on the server's dictionaries.

use std::fmt::Write;

use colink_core::id::{ChannelId, UserId, WorkspaceId};

use crate::domain::token::tokens;

/// Something that is true of a message or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facet {
    /// It is in this workspace.
    Workspace(WorkspaceId),
    /// It is in this channel.
    Channel(ChannelId),
    /// This user wrote or uploaded it.
    Author(UserId),
    /// It names a web address.
    Link,
    /// It shows files.
    File,
    /// It is a reply.
    Thread,
}

impl Facet {
    /// The facet's lexeme, quoted.
    pub(crate) fn quoted(self) -> String {
        match self {
            Self::Workspace(id) => format!("'=w:{id}'"),
            Self::Channel(id) => format!("'=c:{id}'"),
            Self::Author(id) => format!("'=a:{id}'"),
            Self::Link => "'=link'".to_owned(),
            Self::File => "'=file'".to_owned(),
            Self::Thread => "'=thread'".to_owned(),
        }
    }
}

/// A lexeme as it is written in the text form of `tsvector` and `tsquery`.
pub(crate) fn quoted(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

/// The text form of the `tsvector` of a text with these facets.
pub(crate) fn vector(facets: &[Facet], text: &str) -> String {
    let mut vector = String::new();
    for facet in facets {
        vector.push_str(&facet.quoted());
        vector.push(' ');
    }
    for (place, token) in tokens(text).iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(vector, "{}:{} ", quoted(&token.text), place + 1);
    }
    vector
}

/// Whether a message names a web address.
pub(crate) fn has_link(content: &str) -> bool {
    let lower = content.to_ascii_lowercase();
    lower.contains("http://") || lower.contains("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_facets_and_places() {
        assert_eq!(vector(&[Facet::Link], "Ada's  ada"), "'=link' 'ada':1 's':2 'ada':3 ");
        assert_eq!(quoted(r"a'b\c"), r"'a''b\\c'");
    }

    #[test]
    fn a_link_is_a_web_address() {
        assert!(has_link("see HTTPS://example.com"));
        assert!(!has_link("see example"));
    }
}
