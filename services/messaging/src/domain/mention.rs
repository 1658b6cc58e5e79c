//! Whom a message calls (M-8). Code and links call nobody.

use std::collections::HashMap;

use colink_core::id::UserId;
use colink_events::messages::Mention;
use pulldown_cmark::Event;

use crate::domain::inline::{Piece, pieces};
use crate::domain::markdown::{Verbatim, events};

/// Names that one message may call; later ones are plain text.
pub(crate) const MAX_NAMES: usize = 50;

/// The names in a message, before anybody looked up who they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Called {
    /// Lower case, each once, in order.
    pub(crate) names: Vec<String>,
    /// `@channel`, `@all` or `@everyone`.
    pub(crate) channel: bool,
    /// `@here`.
    pub(crate) here: bool,
}

/// Users by the name they were called by; what [`crate::domain::html::render`] marks.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// User by lower-case name.
    pub(crate) users: HashMap<String, UserId>,
    /// Whether words for everybody count: the sender may call all.
    pub(crate) everyone: bool,
}

/// Reads the names in a message.
pub(crate) fn called(content: &str) -> Called {
    let mut called = Called::default();
    if !content.contains('@') {
        return called;
    }
    let mut verbatim = Verbatim::default();
    for event in events(content) {
        if let (false, Event::Text(text)) = (verbatim.at(&event), &event) {
            collect(text, &mut called);
        }
    }
    called
}

fn collect(text: &str, called: &mut Called) {
    for piece in pieces(text) {
        let Piece::At(name) = piece else { continue };
        let name = name.to_ascii_lowercase();
        match everyone(&name) {
            Some(Mention::Here) => called.here = true,
            Some(_) => called.channel = true,
            None if called.names.len() < MAX_NAMES && !called.names.contains(&name) => {
                called.names.push(name)
            }
            None => {}
        }
    }
}

/// What a reserved word calls.
pub(crate) fn everyone(name: &str) -> Option<Mention> {
    match name {
        "channel" | "all" | "everyone" => Some(Mention::Channel),
        "here" => Some(Mention::Here),
        _ => None,
    }
}

/// The mentions of a message, users first in the order they were called, each once.
pub(crate) fn mentions(called: &Called, known: &Known) -> Vec<Mention> {
    let mut found = Vec::new();
    for user_id in called.names.iter().filter_map(|name| known.users.get(name)) {
        let mention = Mention::User { user_id: *user_id };
        if !found.contains(&mention) {
            found.push(mention);
        }
    }
    if known.everyone {
        found.extend(called.channel.then_some(Mention::Channel));
        found.extend(called.here.then_some(Mention::Here));
    }
    found
}

/// The users among mentions.
pub(crate) fn user_ids(mentions: &[Mention]) -> Vec<UserId> {
    let user = |mention: &Mention| match mention {
        Mention::User { user_id } => Some(*user_id),
        _ => None,
    };
    mentions.iter().filter_map(user).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(content: &str) -> Vec<String> {
        called(content).names
    }

    /// M-8.
    #[test]
    fn names_outside_code_are_called() {
        assert_eq!(names("hi @Ada and **@bob_x**, @ada again"), ["ada", "bob_x"]);
        assert_eq!(names("`@ada` and\n\n```\n@bob\n```\n\n    @carl"), Vec::<String>::new());
        assert_eq!(names("[@ada](https://x.example) mail a@b.example"), Vec::<String>::new());
        assert_eq!(names("a_b @a_b_c ~~@dan~~ <b>@eve</b>"), ["a_b_c", "dan", "eve"]);
    }

    #[test]
    fn words_for_everybody_are_no_names() {
        let all = called("@here and @Channel");
        assert!(all.names.is_empty() && all.here && all.channel);
        assert_eq!(called("`@here`"), Called::default());
    }

    #[test]
    fn only_so_many_names_are_looked_up() {
        let many: String = (0..200).map(|n| format!("@user{n} ")).collect();
        assert_eq!(names(&many).len(), MAX_NAMES);
    }

    #[test]
    fn everybody_is_called_only_by_who_may() {
        let called = called("@here @nobody");
        assert_eq!(mentions(&called, &Known::default()), []);
        let known = Known { everyone: true, ..Known::default() };
        assert_eq!(mentions(&called, &known), [Mention::Here]);
    }
}
