//! `content_html`: CommonMark rendered on the server, then passed through an allow-list (M-1).
//!
//! Two walls: raw HTML never gets through the renderer as HTML, and whatever comes out of it is parsed and written
//! anew by the sanitiser, which knows only the tags and attributes below.
//!
//! A message cannot grow at will: reference links and tables say much with few characters. What would become larger
//! than [`room`] allows is not worth its markup, and is shown as it was typed.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd, html};

use crate::domain::inline::{Piece, pieces};
use crate::domain::markdown::{Verbatim, events};
use crate::domain::mention::{Known, everyone};

const TAGS: [&str; 26] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from_iter(TAGS.into_iter().chain(["ul"])))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("input", HashSet::from(["type", "checked", "disabled"])),
            ("ol", HashSet::from(["start"])),
            ("span", HashSet::from(["data-user-id"])),
        ]))
        .allowed_classes(HashMap::from([("span", HashSet::from(["mention"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Renders a message. `known` names the users whose mention is marked as
/// `<span class="mention" data-user-id="…">@name</span>`.
pub(crate) fn render(content: &str, known: &Known) -> String {
    if is_plain(content) {
        return format!("<p>{content}</p>");
    }
    markdown(content, known, room(content, known)).unwrap_or_else(|| as_typed(content))
}

/// The most bytes that a message may become. Whoever is called adds the length of one marked name.
fn room(content: &str, known: &Known) -> usize {
    8 * content.len() + 1024 + 128 * known.users.len()
}

/// The message as Markdown. None when it has more than `room` bytes, before all of them are made.
fn markdown(content: &str, known: &Known, room: usize) -> Option<String> {
    let mut verbatim = Verbatim::default();
    let mut out = Vec::new();
    for event in events(content) {
        match (verbatim.at(&event), event) {
            (false, Event::Text(text)) => expand(&text, known, &mut out),
            (_, event) => out.push(event),
        }
        // No event is shorter than a byte.
        if out.len() > room {
            return None;
        }
    }
    let mut rendered = Bounded { text: String::with_capacity(content.len() * 2), room };
    html::write_html_fmt(&mut rendered, out.into_iter()).ok()?;
    let clean = SANITISER.clean(rendered.text.trim_end()).to_string();
    (clean.len() <= room).then_some(clean)
}

/// The message as one paragraph of text.
fn as_typed(content: &str) -> String {
    let mut out = vec![Event::Start(Tag::Paragraph)];
    for (n, line) in content.trim().lines().enumerate() {
        out.extend((n > 0).then_some(Event::HardBreak));
        out.push(Event::Text(CowStr::from(line)));
    }
    out.push(Event::End(TagEnd::Paragraph));
    let mut rendered = String::with_capacity(content.len() * 2);
    html::push_html(&mut rendered, out.into_iter());
    SANITISER.clean(rendered.trim_end()).to_string()
}

/// A text that refuses to become longer than it may.
#[derive(Debug)]
struct Bounded {
    text: String,
    room: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > self.room {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

/// One line of words, which is most of what people write: nothing in it can mean anything to Markdown or to HTML.
fn is_plain(content: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | '?' | '\'');
    let edges = content.chars().next().is_some_and(char::is_alphabetic) && !content.ends_with(' ');
    edges && content.chars().all(word) && !content.contains("  ")
}

/// Marks mentions and links in running text.
fn expand<'a>(text: &str, known: &Known, out: &mut Vec<Event<'a>>) {
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push(Event::Text(CowStr::from(text.to_owned()))),
            Piece::At(name) => out.push(at(name, known)),
            Piece::Url(url) => out.extend(link(url)),
        }
    }
}

fn at<'a>(name: &str, known: &Known) -> Event<'a> {
    let lower = name.to_ascii_lowercase();
    if let Some(user_id) = known.users.get(&lower) {
        let span = format!("<span class=\"mention\" data-user-id=\"{user_id}\">@{name}</span>");
        Event::InlineHtml(CowStr::from(span))
    } else if known.everyone && everyone(&lower).is_some() {
        Event::InlineHtml(CowStr::from(format!("<span class=\"mention\">@{name}</span>")))
    } else {
        Event::Text(CowStr::from(format!("@{name}")))
    }
}

fn link<'a>(url: &str) -> [Event<'a>; 3] {
    let url = CowStr::from(url.to_owned());
    let (link_type, title, id) = (LinkType::Autolink, CowStr::from(""), CowStr::from(""));
    let start = Tag::Link { link_type, dest_url: url.clone(), title, id };
    [Event::Start(start), Event::Text(url), Event::End(TagEnd::Link)]
}

#[cfg(test)]
mod tests;
