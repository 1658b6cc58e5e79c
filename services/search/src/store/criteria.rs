//! What a search asks of the index, in the index' own terms.

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use uuid::Uuid;

use crate::domain::lexeme::Facet;
use crate::domain::query::Query;

/// Up to so many channels stand in the expression itself; more are only compared row by row.
const CHANNELS_IN_EXPRESSION: usize = 32;

/// The place of a result in the order of results: its time and its id.
pub(crate) type Place = (DateTime<Utc>, Uuid);

/// What results are: messages or files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    /// Messages; every filter counts.
    Messages,
    /// Files; filters that only messages have are passed over.
    Files,
}

/// Everything that a query of the index needs.
#[derive(Debug, Clone)]
pub(crate) struct Criteria {
    pub(super) workspace: Uuid,
    pub(super) channels: Vec<Uuid>,
    /// The text of a `tsquery`.
    pub(super) expression: String,
    /// Results lie before this place.
    pub(super) before: Place,
    pub(super) since: DateTime<Utc>,
    pub(super) pinned: Option<bool>,
    pub(super) reacted: Option<bool>,
    /// Rows to fetch.
    pub(super) limit: i64,
}

/// Names that were found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authors {
    /// One of these; anybody when none are asked for.
    pub(crate) wanted: Option<Vec<UserId>>,
    /// None of these.
    pub(crate) unwanted: Vec<UserId>,
}

impl Criteria {
    /// Puts a search together. `channels` are the ones to look in, readable all of them.
    pub(crate) fn new(
        sought: Sought,
        workspace: WorkspaceId,
        channels: &[ChannelId],
        query: &Query,
        authors: &Authors,
        after: Option<Place>,
        limit: i64,
    ) -> Self {
        let filters = &query.filters;
        let of_messages = sought == Sought::Messages;
        let until = filters.until.map(|until| (until, Uuid::nil()));
        let end = (Timestamp::from_millis(i64::MAX).as_datetime(), Uuid::max());
        Self {
            workspace: workspace.as_uuid(),
            channels: channels.iter().map(|id| id.as_uuid()).collect(),
            expression: expression(of_messages, workspace, channels, query, authors),
            before: [until, after].into_iter().flatten().min().unwrap_or(end),
            since: filters.since.unwrap_or(Timestamp::from_millis(i64::MIN).as_datetime()),
            pinned: filters.pinned.filter(|_| of_messages),
            reacted: filters.reaction.filter(|_| of_messages),
            limit,
        }
    }

    /// The channel, when there is only one.
    pub(super) fn only_channel(&self) -> Option<Uuid> {
        match self.channels.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

fn expression(
    of_messages: bool,
    workspace: WorkspaceId,
    channels: &[ChannelId],
    query: &Query,
    authors: &Authors,
) -> String {
    let filters = &query.filters;
    let mut parts = vec![Facet::Workspace(workspace).quoted()];
    if channels.len() <= CHANNELS_IN_EXPRESSION {
        parts.push(any(channels.iter().map(|id| Facet::Channel(*id))));
    }
    if let Some(wanted) = &authors.wanted {
        parts.push(any(wanted.iter().map(|id| Facet::Author(*id))));
    }
    parts.extend(authors.unwanted.iter().map(|id| format!("!{}", Facet::Author(*id).quoted())));
    let traits = [(filters.link, Facet::Link), (filters.file, Facet::File), (filters.thread, Facet::Thread)];
    for (wanted, facet) in traits.into_iter().filter(|_| of_messages) {
        match wanted {
            Some(true) => parts.push(facet.quoted()),
            Some(false) => parts.push(format!("!{}", facet.quoted())),
            None => {}
        }
    }
    parts.extend(query.wanted.iter().map(|phrase| phrase.expression()));
    parts.extend(query.unwanted.iter().map(|phrase| format!("!{}", phrase.expression())));
    parts.join(" & ")
}

fn any(facets: impl Iterator<Item = Facet>) -> String {
    let alternatives: Vec<String> = facets.map(Facet::quoted).collect();
    format!("({})", alternatives.join(" | "))
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;

    use super::*;

    #[test]
    fn a_search_is_one_expression() {
        let clock = ManualClock::default();
        let (workspace, channel) = (WorkspaceId::generate(&clock), ChannelId::generate(&clock));
        let ada = UserId::generate(&clock);
        let query = Query::parse("engine -rusty has:link -is:thread").unwrap();
        let authors = Authors { wanted: Some(vec![ada]), unwanted: Vec::new() };
        let text =
            |sought| Criteria::new(sought, workspace, &[channel], &query, &authors, None, 21).expression;
        assert_eq!(
            text(Sought::Messages),
            format!(
                "'=w:{workspace}' & ('=c:{channel}') & ('=a:{ada}') & '=link' & !'=thread' & 'engine':* & !'rusty'"
            )
        );
        assert_eq!(
            text(Sought::Files),
            format!("'=w:{workspace}' & ('=c:{channel}') & ('=a:{ada}') & 'engine':* & !'rusty'")
        );
    }
}
