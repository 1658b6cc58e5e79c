//! `GET /channels/{channel_id}/messages` (M-9).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::ChannelId;
use colink_core::page::{Cursor, CursorPage, PageLimit};
use colink_core::permission::Action;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiError, ApiResult, Path, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::authorise;
use crate::domain::history::{MAX_OFFSET, Onward, Place, Wanted, one_of};
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::history::{self, Shown};
use crate::view::{MessageView, messages};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Which page. At most one of `before`, `after`, `around`, `cursor` and `page`; none for the newest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Messages before this sequence number or message, the nearest first.
    before: Option<String>,
    /// Messages after this sequence number or message: those nearest to it, newest first.
    after: Option<String>,
    /// Messages around this sequence number or message, which is among them.
    around: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The number of the page, from 1; for the newest 10,000 messages.
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Messages a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

impl HistoryQuery {
    fn wanted(self) -> ApiResult<(Wanted<Place>, PageLimit)> {
        let place = |text: String| Place::parse(&text);
        let (before, after, around, cursor, limit) = all((
            optional("before", self.before, place),
            optional("after", self.after, place),
            optional("around", self.around, place),
            optional("cursor", self.cursor, |text| Cursor::from_text(text).decode::<Onward>()),
            field("limit", PageLimit::parse(self.limit, DEFAULT_LIMIT, MAX_LIMIT)),
        ))?;
        let onward = cursor.map(|onward| match onward {
            Onward::Before(seq) => Wanted::Before(Place::Seq(seq)),
            Onward::After(seq) => Wanted::After(Place::Seq(seq)),
        });
        let ways = [
            before.map(Wanted::Before),
            after.map(Wanted::After),
            around.map(Wanted::Around),
            onward,
            self.page.map(Wanted::Page),
        ];
        let name = if self.page.is_some() { "page" } else { "before" };
        let wanted = one_of(ways).map_err(|reason| ApiError::invalid(name, reason))?;
        match wanted {
            Wanted::Page(page) if page == 0 || page.saturating_mul(limit.get()) > MAX_OFFSET => {
                let reason =
                    Invalid::new("must be 1 or more and within the newest 10000 messages: use cursor");
                Err(ApiError::invalid("page", reason))
            }
            wanted => Ok((wanted, limit)),
        }
    }
}

/// A page of a channel's messages, newest first, with authors, reactions and threads.
#[utoipa::path(
    get,
    path = "/channels/{channel_id}/messages",
    operation_id = "list_messages",
    tag = "messages",
    params(("channel_id" = ChannelId, Path, description = "A channel or direct conversation"), HistoryQuery),
    responses((status = 200, description = "The page, newest first", body = Success<CursorPage<MessageView>>))
)]
pub(crate) async fn list_messages(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(channel_id): Path<ChannelId>,
    Query(query): Query<HistoryQuery>,
) -> ApiResult<Reply<CursorPage<MessageView>>> {
    let (wanted, limit) = query.wanted()?;
    authorise(&state, &caller, channel_id, Action::ReadMessages, "channel").await?;
    let wanted = resolve(&state, channel_id, wanted).await?;
    let (rows, more) = history::list(&state.pool, caller.user_id(), channel_id, wanted, limit.get()).await?;
    let next_cursor = onward(&rows, wanted, more);
    let next_cursor =
        next_cursor.map(|onward| Cursor::encode(&onward)).transpose().map_err(ApiError::internal)?;
    Ok(Reply::ok(CursorPage { items: messages(rows)?, next_cursor }).with_body_etag())
}

/// Finds the numbers of messages.
async fn resolve(state: &State, channel_id: ChannelId, wanted: Wanted<Place>) -> Result<Wanted<i64>> {
    let seq = async |place| match place {
        Place::Seq(seq) => Ok(seq),
        Place::Message(id) => {
            let seq = history::lookup_seq(&state.pool, channel_id, id).await?;
            seq.ok_or(Error::NotFound("message"))
        }
    };
    Ok(match wanted {
        Wanted::Newest => Wanted::Newest,
        Wanted::Page(page) => Wanted::Page(page),
        Wanted::Before(place) => Wanted::Before(seq(place).await?),
        Wanted::After(place) => Wanted::After(seq(place).await?),
        Wanted::Around(place) => Wanted::Around(seq(place).await?),
    })
}

/// Where the next page begins: in the direction of this one, and to what is older where it has none.
fn onward(rows: &[Shown], wanted: Wanted<i64>, more: bool) -> Option<Onward> {
    let edge = match wanted {
        Wanted::After(_) => Onward::After(rows.first()?.seq),
        _ => Onward::Before(rows.last()?.seq),
    };
    more.then_some(edge)
}
