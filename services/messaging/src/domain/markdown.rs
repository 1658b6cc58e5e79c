//! CommonMark as messages use it: the one parser for HTML and for mentions, so that both agree on what is code.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeStream};

/// The events of a message. Raw HTML is text, an image is a link to it (nobody's address leaks by reading), and a
/// line break is one.
pub(crate) fn events(content: &str) -> impl Iterator<Item = Event<'_>> {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    TextMergeStream::new(Parser::new_ext(content, options).filter_map(as_written))
}

fn as_written(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Image) => Some(Event::End(TagEnd::Link)),
        Event::SoftBreak => Some(Event::HardBreak),
        other => Some(other),
    }
}

/// Follows whether the reader is inside code or a link, where `@` and `https://` are just text.
#[derive(Debug, Default)]
pub(crate) struct Verbatim(usize);

impl Verbatim {
    /// Takes note of an event; true when text at this place is to be left alone.
    pub(crate) fn at(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Link { .. }) => self.0 += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Link) => self.0 = self.0.saturating_sub(1),
            _ => {}
        }
        self.0 > 0
    }
}
