//! `GET /channels/{id}/members`: who is in it.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::page::TablePage;
use colink_core::permission::Action;
use colink_http::validate::field;
use colink_http::{ApiResult, Path as PathParam, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ChannelMemberView;
use crate::access::ChannelAccess;
use crate::change::audit_read;
use crate::domain::search;
use crate::routes::checked;
use crate::state::State;
use crate::store::channel_members;

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListChannelMembers {
    /// A part of the username or display name.
    #[param(example = "ada", max_length = 80)]
    q: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists the members of a channel, the longest joined first.
#[utoipa::path(
    get, path = "/channels/{channel_id}/members", operation_id = "list_channel_members", tag = "channel members",
    params(("channel_id" = ChannelId, Path, description = "The channel or direct conversation"), ListChannelMembers),
    responses((status = 200, description = "One page", body = Success<TablePage<ChannelMemberView>>))
)]
pub(crate) async fn list_channel_members(
    state: Data<State>,
    caller: Scoped<needs::ChannelsRead>,
    PathParam(id): PathParam<ChannelId>,
    Query(query): Query<ListChannelMembers>,
) -> ApiResult<Reply<TablePage<ChannelMemberView>>> {
    let fields = (field("q", search::containing(query.q.as_deref())),);
    let (table, (pattern,)) = checked(query.page, query.page_size, fields)?;
    let access = ChannelAccess::read(&state.pool, &caller, id).await?;
    let permit = access.permit(Action::ViewChannel)?;
    audit_read(&state, &caller, permit).await?;

    let rows = channel_members::list(&state.pool, id, pattern.as_deref(), table).await?;
    let count = channel_members::count_listed(&state.pool, id, pattern.as_deref());
    Ok(Reply::ok(TablePage::counted(rows, table, count).await?.map(ChannelMemberView::from)).with_body_etag())
}
