//! `GET /messages/{message_id}/reactions` (M-7).

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use colink_auth::{Scoped, needs};
use colink_core::id::{MessageId, ReactionId};
use colink_core::page::{CursorPage, PageLimit};
use colink_core::permission::Action;
use colink_core::time::Timestamp;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Path, Query, Reply, Success};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::routes::messages::locate_live;
use crate::routes::params::position;
use crate::state::State;
use crate::store::reactions::{self, Listed};
use crate::view::{AuthorView, raw};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReactionsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Reactions a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// One user's reaction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserReaction {
    /// The reaction.
    id: ReactionId,
    /// With what.
    #[schema(example = "👍")]
    emoji: String,
    /// Who.
    #[schema(value_type = AuthorView)]
    user: Box<RawValue>,
    /// When.
    created_at: Timestamp,
}

impl TryFrom<Listed> for UserReaction {
    type Error = serde_json::Error;

    fn try_from(row: Listed) -> Result<Self, Self::Error> {
        let user = raw(row.user)?;
        Ok(Self { id: row.id.into(), emoji: row.emoji, user, created_at: row.created_at.into() })
    }
}

/// Who reacted to a message and with what, the first first.
#[utoipa::path(
    get,
    path = "/messages/{message_id}/reactions",
    operation_id = "list_reactions",
    tag = "reactions",
    params(("message_id" = MessageId, Path), ReactionsQuery),
    responses((status = 200, description = "The page", body = Success<CursorPage<UserReaction>>))
)]
pub(crate) async fn list_reactions(
    state: Data<State>,
    caller: Scoped<needs::MessagesRead>,
    Path(message_id): Path<MessageId>,
    Query(query): Query<ReactionsQuery>,
) -> ApiResult<Reply<CursorPage<UserReaction>>> {
    let start = (DateTime::<Utc>::UNIX_EPOCH, uuid::Uuid::nil());
    let (after, limit) =
        all((position(query.cursor, start), field("limit", PageLimit::parse(query.limit, 50, 100))))?;
    locate_live(&state, &caller, message_id, Action::ReadMessages).await?;
    let rows = reactions::list(&state.pool, message_id, after, limit.fetch()).await?;
    let CursorPage { items, next_cursor } =
        CursorPage::from_rows(rows, limit, |row| (row.created_at, row.id)).map_err(ApiError::internal)?;
    let items = items.into_iter().map(UserReaction::try_from).collect::<Result<_, _>>()?;
    Ok(Reply::ok(CursorPage { items, next_cursor }).with_body_etag())
}
