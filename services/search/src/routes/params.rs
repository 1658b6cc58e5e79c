//! The parameters of a search, checked all at once.

use chrono::{DateTime, Utc};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::{ChannelId, UserId};
use colink_core::page::{Cursor, PageLimit};
use colink_core::text::SearchText;
use colink_core::time::Timestamp;
use colink_http::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::filter::{Filters, Operator};
use crate::domain::query::Query;
use crate::store::criteria::Place;

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
/// Values a parameter may list.
const MAX_VALUES: usize = 20;

/// What is searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SearchTab)]
pub(crate) enum Tab {
    /// Messages by their text.
    #[default]
    Messages,
    /// Files by their names.
    Files,
}

/// What is asked for. Either `q` or a filter is needed; a filter may be an operator in `q` or a parameter, and all of them
/// must be true.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// Words (the last one may be unfinished), `"a phrase"`, `-not`, and the operators `from: in: before: after: on:`
    /// `has:(link|file|reaction) is:(thread|pinned)`; 1 to 256 characters.
    #[serde(default)]
    #[param(example = "from:ada engine -steam", max_length = 256)]
    q: String,
    /// What to find.
    #[serde(default)]
    #[param(inline)]
    pub(crate) tab: Tab,
    /// The workspace, unless the header `X-Workspace-Id` names it.
    #[serde(rename = "workspace_id", default)]
    _workspace_id: Option<String>,
    /// Written by any of these: user names, display names or ids.
    #[serde(default)]
    #[param(max_items = 20, example = json!(["ada"]))]
    from: Vec<String>,
    /// Written by this user.
    user_id: Option<String>,
    /// In any of these channels: names or ids.
    #[serde(default, rename = "in")]
    #[param(max_items = 20, example = json!(["general"]))]
    within: Vec<String>,
    /// In this channel.
    channel_id: Option<String>,
    /// Written before this day (UTC) or moment.
    #[param(example = "2026-01-31")]
    before: Option<String>,
    /// Written after this day (UTC) or moment.
    #[param(example = "2026-01-31")]
    after: Option<String>,
    /// Written on this day (UTC).
    #[param(example = "2026-01-31")]
    on: Option<String>,
    /// `link`, `file`, `reaction`.
    #[serde(default)]
    #[param(max_items = 20, example = json!(["link"]))]
    has: Vec<String>,
    /// `thread`, `pinned`.
    #[serde(default)]
    #[param(max_items = 20, example = json!(["thread"]))]
    is: Vec<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Results a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// A search that can be done.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Words and filters.
    pub(crate) query: Query,
    /// Where the page begins.
    pub(crate) after: Option<Place>,
    /// How long it is.
    pub(crate) limit: PageLimit,
}

/// Collects refusals, so that all of them are told.
#[derive(Default)]
struct Refusals(Vec<FieldError>);

impl Refusals {
    fn take<T>(&mut self, name: &str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|reason| self.0.push(reason.at(name))).ok()
    }
}

impl SearchQuery {
    /// Checks everything.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` with every refused parameter.
    pub(crate) fn wanted(self) -> ApiResult<Wanted> {
        let mut refused = Refusals::default();
        let limit = refused.take("limit", PageLimit::parse(self.limit, DEFAULT_LIMIT, MAX_LIMIT));
        let after = self.cursor.as_ref().and_then(|cursor| refused.take("cursor", place(cursor)));
        let unfiltered = !self.has_filters();
        let mut query = Query::default();
        if unfiltered || !self.q.trim().is_empty() {
            let text = SearchText::parse(&self.q);
            let read = text.and_then(|text| Query::parse(text.as_str()));
            query = refused.take("q", read).unwrap_or_default();
        }
        self.filter(&mut query.filters, &mut refused);
        match limit {
            Some(limit) if refused.0.is_empty() => Ok(Wanted { query, after, limit }),
            _ => Err(ApiError::validation(refused.0)),
        }
    }

    fn lists(&self) -> [(Operator, &[String]); 4] {
        [
            (Operator::From, &self.from),
            (Operator::In, &self.within),
            (Operator::Has, &self.has),
            (Operator::Is, &self.is),
        ]
    }

    fn singles(&self) -> [(Operator, &Option<String>); 3] {
        [(Operator::Before, &self.before), (Operator::After, &self.after), (Operator::On, &self.on)]
    }

    fn has_filters(&self) -> bool {
        self.lists().iter().any(|(_, values)| !values.is_empty())
            || self.singles().iter().any(|(_, value)| value.is_some())
            || self.user_id.is_some()
            || self.channel_id.is_some()
    }

    fn filter(&self, filters: &mut Filters, refused: &mut Refusals) {
        for (operator, values) in self.lists() {
            if values.len() > MAX_VALUES {
                let reason = Invalid::new(format!("must list at most {MAX_VALUES} values"));
                refused.take::<()>(operator.name(), Err(reason));
                continue;
            }
            for value in values {
                refused.take(operator.name(), filters.add(operator, value, false));
            }
        }
        for (operator, value) in self.singles() {
            let value = value.as_ref();
            value.and_then(|value| refused.take(operator.name(), filters.add(operator, value, false)));
        }
        if let Some(text) = &self.user_id
            && let Some(id) = refused.take("user_id", text.parse::<UserId>())
        {
            filters.from.wanted.push(id.to_string());
        }
        if let Some(text) = &self.channel_id
            && let Some(id) = refused.take("channel_id", text.parse::<ChannelId>())
        {
            filters.within.wanted.push(id.to_string());
        }
    }
}

fn place(cursor: &str) -> Result<Place, Invalid> {
    let (millis, id): (i64, Uuid) = Cursor::from_text(cursor).decode()?;
    Ok((Timestamp::from_millis(millis).as_datetime(), id))
}

/// The position of a result, for a cursor.
pub(crate) fn position(created_at: DateTime<Utc>, id: Uuid) -> (i64, Uuid) {
    (created_at.timestamp_millis(), id)
}
