//! The part of a text in which a search was found, with the matches marked.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::phrase::Phrase;
use crate::domain::token::tokens;

/// Longest excerpt, in graphemes.
const LONGEST: usize = 240;
/// What of it stands before the first match.
const BEFORE: usize = 60;

/// An excerpt around the first match, as HTML: escaped, with `<mark>` around matches and `…` where text was left out.
pub(crate) fn highlight(text: &str, phrases: &[Phrase]) -> String {
    let matches = matches(text, phrases);
    let shown = window(text, matches.first().map_or(0, |first| first.start));
    let mut html = String::with_capacity(shown.len() + 64);
    if shown.start > 0 {
        html.push('…');
    }
    let mut at = shown.start;
    for found in matches {
        let (start, end) = (found.start.max(at), found.end.min(shown.end));
        if start < end {
            escape(text.get(at..start).unwrap_or_default(), &mut html);
            html.push_str("<mark>");
            escape(text.get(start..end).unwrap_or_default(), &mut html);
            html.push_str("</mark>");
            at = end;
        }
    }
    escape(text.get(at..shown.end).unwrap_or_default(), &mut html);
    if shown.end < text.len() {
        html.push('…');
    }
    html
}

/// Where the phrases are, in order, without overlaps.
fn matches(text: &str, phrases: &[Phrase]) -> Vec<Range<usize>> {
    let found = tokens(text);
    let places = (0..found.len()).flat_map(|at| phrases.iter().map(move |phrase| (at, phrase)));
    let mut ranges: Vec<Range<usize>> = places.filter_map(|(at, phrase)| phrase.find(&found, at)).collect();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The bytes that are shown; ends lie between graphemes.
fn window(text: &str, first_match: usize) -> Range<usize> {
    let starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    if starts.len() <= LONGEST {
        return 0..text.len();
    }
    let matched = starts.partition_point(|start| *start < first_match);
    let from = matched.saturating_sub(BEFORE).min(starts.len() - LONGEST);
    let end = starts.get(from + LONGEST).copied().unwrap_or(text.len());
    starts.get(from).copied().unwrap_or(0)..end
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(text: &str, wanted: &[&str]) -> String {
        let phrases: Vec<Phrase> = wanted.iter().filter_map(|text| Phrase::of(text, true)).collect();
        highlight(text, &phrases)
    }

    #[test]
    fn matches_are_marked_and_markup_is_not() {
        assert_eq!(
            marked("The <b>Engine</b> & engines", &["engin"]),
            "The &lt;b&gt;<mark>Engine</mark>&lt;/b&gt; &amp; <mark>engines</mark>"
        );
        assert_eq!(marked("東京都に行く", &["京都"]), "東<mark>京都</mark>に行く");
        assert_eq!(marked("ship 🚀!", &["🚀"]), "ship <mark>🚀</mark>!");
        assert_eq!(marked("nothing", &[]), "nothing");
    }

    #[test]
    fn a_long_text_is_cut_around_the_match() {
        let text = format!("{} needle {}", "hay ".repeat(200), "hay ".repeat(200));
        let html = marked(&text, &["needle"]);
        assert!(html.starts_with('…') && html.ends_with('…'), "{html}");
        assert!(html.contains("<mark>needle</mark>"), "{html}");
        assert!(html.chars().count() < 300);
    }

    proptest! {
        #[test]
        fn marks_are_balanced(text in "\\PC{0,600}", wanted in "\\PC{0,8}") {
            let html = marked(&text, &[&wanted]);
            prop_assert_eq!(html.matches("<mark>").count(), html.matches("</mark>").count());
            prop_assert_eq!(html.matches('<').count(), 2 * html.matches("<mark>").count());
        }
    }
}
