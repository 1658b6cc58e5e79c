//! `GET /messages/{message_id}/threads` (M-6).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_core::page::{Cursor, CursorPage, PageLimit};
use colink_core::permission::Action;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Path, Query, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::routes::messages::locate;
use crate::routes::params::position;
use crate::state::State;
use crate::store::history;
use crate::view::{MessageView, messages};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RepliesQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Replies a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// A thread, a page of replies at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadPage {
    /// The message the thread hangs on.
    root: MessageView,
    /// Replies, the oldest first.
    items: Vec<MessageView>,
    /// Where the next page begins; null on the last page.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<Cursor>,
}

/// A message and the replies to it, the oldest first.
#[utoipa::path(
    get,
    path = "/messages/{message_id}/threads",
    operation_id = "list_replies",
    tag = "threads",
    params(("message_id" = MessageId, Path, description = "The first message of the thread"), RepliesQuery),
    responses((status = 200, description = "The page", body = Success<ThreadPage>))
)]
pub(crate) async fn list_replies(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(root): Path<MessageId>,
    Query(query): Query<RepliesQuery>,
) -> ApiResult<Reply<ThreadPage>> {
    let (after, limit) =
        all((position(query.cursor, 0), field("limit", PageLimit::parse(query.limit, 50, 100))))?;
    locate(&state, &caller, root, Action::ReadMessages).await?;
    let first = history::lookup(&state.pool, caller.user_id(), root).await?;
    let first = first.ok_or_else(|| ApiError::not_found("message"))?;
    let rows = history::list_replies(&state.pool, caller.user_id(), root, after, limit.fetch()).await?;
    let CursorPage { items, next_cursor } =
        CursorPage::from_rows(rows, limit, |reply| reply.seq).map_err(ApiError::internal)?;
    let page = ThreadPage { root: MessageView::try_from(first)?, items: messages(items)?, next_cursor };
    Ok(Reply::ok(page).with_body_etag())
}
