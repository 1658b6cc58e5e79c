//! `GET /channels`: the channels of a workspace that the caller may see.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::WorkspaceId;
use colink_core::page::TablePage;
use colink_core::permission::Action;
use colink_core::role::ChannelKind;
use colink_http::validate::{field, optional};
use colink_http::{ApiResult, Failure, Query, Reply, Success, WorkspaceScope};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ChannelView;
use crate::access::WorkspaceAccess;
use crate::change::audit_read;
use crate::domain::search;
use crate::routes::checked;
use crate::state::State;
use crate::store::channel_lists::{self, ChannelFilter, ChannelSort};

/// Which channels, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListChannels {
    /// The workspace, unless the header `X-Workspace-Id` names it.
    workspace_id: Option<WorkspaceId>,
    /// A part of the name or topic.
    #[param(example = "eng", max_length = 80)]
    q: Option<String>,
    /// Only `public` or only `private` ones.
    #[param(example = "public")]
    kind: Option<String>,
    /// The archived ones instead of the others.
    archived: Option<bool>,
    /// Only those the caller is in.
    member: Option<bool>,
    /// `name`, `-name`, `created_at` or `-created_at`; by name when left out.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists public channels and those that the caller is in. Guests see only the latter; direct conversations are at
/// `GET /dms`.
#[utoipa::path(
    get, path = "/channels", operation_id = "list_channels", tag = "channels",
    params(("X-Workspace-Id" = Option<WorkspaceId>, Header, description = "The workspace, unless the query names it"), ListChannels),
    responses(
        (status = 200, description = "One page", body = Success<TablePage<ChannelView>>),
        (status = 404, description = "NOT_FOUND: the workspace", body = Failure),
    )
)]
pub(crate) async fn list_channels(
    state: Data<State>,
    caller: Scoped<needs::ChannelsRead>,
    scope: WorkspaceScope,
    Query(query): Query<ListChannels>,
) -> ApiResult<Reply<TablePage<ChannelView>>> {
    let workspace = scope.resolve(query.workspace_id)?;
    let fields = (
        field("q", search::containing(query.q.as_deref())),
        optional("kind", query.kind.as_deref(), kind),
        field("sort", sort(query.sort.as_deref())),
    );
    let (table, (pattern, kind, sort)) = checked(query.page, query.page_size, fields)?;
    let access = WorkspaceAccess::read(&state.pool, &caller, workspace).await?;
    let permit = access.permit(Action::ListChannels)?;
    audit_read(&state, &caller, permit).await?;

    let filter = ChannelFilter {
        workspace,
        user: caller.user_id(),
        with_public: access.sees_public_channels(),
        archived: query.archived.unwrap_or(false),
        kind,
        mine: query.member.unwrap_or(false),
        pattern: pattern.as_deref(),
    };
    let rows = channel_lists::list(&state.pool, filter, sort, table).await?;
    let count = channel_lists::count_listed(&state.pool, filter);
    Ok(Reply::ok(TablePage::counted(rows, table, count).await?.map(ChannelView::from)).with_body_etag())
}

fn kind(text: &str) -> Result<ChannelKind, Invalid> {
    match text.parse()? {
        ChannelKind::Dm => Err(Invalid::new("must be one of: public private")),
        kind => Ok(kind),
    }
}

fn sort(text: Option<&str>) -> Result<ChannelSort, Invalid> {
    match text.unwrap_or("name") {
        "name" => Ok(ChannelSort::Name),
        "-name" => Ok(ChannelSort::NameDescending),
        "created_at" => Ok(ChannelSort::Created),
        "-created_at" => Ok(ChannelSort::CreatedDescending),
        _ => Err(Invalid::new("must be one of: name -name created_at -created_at")),
    }
}
