//! `GET /messages/{message_id}/edits` (M-4).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::MessageId;
use colink_core::page::{CursorPage, PageLimit};
use colink_core::permission::Action;
use colink_core::time::Timestamp;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Path, Query, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::routes::messages::locate_live;
use crate::routes::params::position;
use crate::state::State;
use crate::store::messages;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EditsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Wordings a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// An earlier wording of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditView {
    /// What it said.
    #[schema(example = "Shiped in **v2**")]
    content: String,
    /// The same as sanitised HTML.
    content_html: String,
    /// When it was written.
    written_at: Timestamp,
    /// When it was replaced.
    replaced_at: Timestamp,
}

/// The earlier wordings of a message, the last one first; for those who may read it.
#[utoipa::path(
    get,
    path = "/messages/{message_id}/edits",
    operation_id = "list_edits",
    tag = "messages",
    params(("message_id" = MessageId, Path), EditsQuery),
    responses((status = 200, description = "The page", body = Success<CursorPage<EditView>>))
)]
pub(crate) async fn list_edits(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(id): Path<MessageId>,
    Query(query): Query<EditsQuery>,
) -> ApiResult<Reply<CursorPage<EditView>>> {
    let (before, limit) =
        all((position(query.cursor, i64::MAX), field("limit", PageLimit::parse(query.limit, 50, 100))))?;
    locate_live(&state, &caller, id, Action::ReadMessages).await?;
    let rows = messages::list_edits(&state.pool, id, before, limit.fetch()).await?;
    let page = CursorPage::from_rows(rows, limit, |edit| edit.replaced_seq).map_err(ApiError::internal)?;
    Ok(Reply::ok(page.map(|edit| EditView {
        content: edit.content,
        content_html: edit.content_html,
        written_at: edit.written_at.into(),
        replaced_at: edit.replaced_at.into(),
    }))
    .with_body_etag())
}
