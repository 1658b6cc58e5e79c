//! CommonMark as messages use it: the one parser for HTML and for mentions, so that both agree on what is code.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeStream};

/// Quotes and lists in one another that are shown as such; deeper ones are shown flat.
const DEEPEST: usize = 8;

/// The events of a message. Raw HTML is text, an image is a link to it (nobody's address leaks by reading), a line
/// break is one, and no more than [`DEEPEST`] quotes and lists are in one another.
pub(crate) fn events(content: &str) -> impl Iterator<Item = Event<'_>> {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut nesting = Nesting::default();
    let shallow = Parser::new_ext(content, options).filter_map(move |event| nesting.flatten(event));
    TextMergeStream::new(shallow.filter_map(as_written))
}

/// How many quotes and lists the reader is in.
#[derive(Debug, Default)]
struct Nesting(usize);

impl Nesting {
    /// Leaves out what opens and closes a level that is too deep; an item there begins a line.
    fn flatten<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        if matches!(event, Event::Start(Tag::BlockQuote(_) | Tag::List(_))) {
            self.0 += 1;
        }
        let flat = self.0 > DEEPEST;
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) if flat => None,
            Event::Start(Tag::Item) if flat => Some(Event::HardBreak),
            Event::End(TagEnd::Item) if flat => None,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => {
                self.0 = self.0.saturating_sub(1);
                (!flat).then_some(event)
            }
            other => Some(other),
        }
    }
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
