//! `GET /search` (S-2, S-3).

use std::time::Instant;

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::page::CursorPage;
use colink_http::{ApiError, ApiResult, Failure, Query, Reply, Success, WorkspaceScope};

use crate::access::readable_channels;
use crate::domain::filter::Names;
use crate::error::Result;
use crate::metrics::Way;
use crate::routes::params::{SearchQuery, Tab, Wanted, position};
use crate::state::State;
use crate::store::criteria::{Authors, Criteria, Sought};
use crate::store::{channels, files, messages, users};
use crate::view::Hit;

/// Finds messages or files in the channels that the caller may read now, the newest first.
#[utoipa::path(
    get,
    path = "/search",
    operation_id = "search_content",
    tag = "search",
    params(
        SearchQuery,
        ("X-Workspace-Id" = Option<String>, Header, description = "The workspace, unless `workspace_id` names it")
    ),
    responses(
        (status = 200, description = "The page, the newest first", body = Success<CursorPage<Hit>>),
        (status = 404, description = "The caller is not in the workspace", body = Failure)
    )
)]
pub(crate) async fn search_content(
    state: Data<State>,
    caller: Scoped<needs::SearchRead>,
    scope: WorkspaceScope,
    Query(query): Query<SearchQuery>,
) -> ApiResult<Reply<CursorPage<Hit>>> {
    let workspace = scope.require()?;
    let tab = query.tab;
    let wanted = query.wanted()?;

    let readable = readable_channels(&state, &caller, workspace).await?;
    let places = chosen_channels(&state, &readable, &wanted.query.filters.within).await?;
    let authors = chosen_authors(&state, &caller, workspace, &wanted.query.filters.from).await?;
    let impossible =
        wanted.query.is_empty() || places.is_empty() || authors.wanted.as_ref().is_some_and(Vec::is_empty);
    if impossible {
        state.metrics.searched(tab.as_str(), Way::Nothing, std::time::Duration::ZERO);
        return Ok(Reply::ok(CursorPage { items: Vec::new(), next_cursor: None }));
    }

    let sought = tab.sought();
    let (after, fetch) = (wanted.after, wanted.limit.fetch());
    let criteria = Criteria::new(sought, workspace, &places, &wanted.query, &authors, after, fetch);
    let page = match tab {
        Tab::Messages => find_messages(&state, &criteria, &wanted).await?,
        Tab::Files => find_files(&state, &criteria, &wanted).await?,
    };
    Ok(Reply::ok(page))
}

impl Tab {
    fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Files => "files",
        }
    }

    fn sought(self) -> Sought {
        match self {
            Self::Messages => Sought::Messages,
            Self::Files => Sought::Files,
        }
    }
}

/// The readable channels that the filter leaves. A channel that may not be read is as one that does not exist.
async fn chosen_channels(state: &State, readable: &[ChannelId], names: &Names) -> Result<Vec<ChannelId>> {
    let mut chosen = readable.to_vec();
    if !names.wanted.is_empty() {
        let wanted = channels::find_by_names(&state.pool, readable, &names.wanted).await?;
        chosen.retain(|id| wanted.contains(id));
    }
    if !names.unwanted.is_empty() {
        let unwanted = channels::find_by_names(&state.pool, readable, &names.unwanted).await?;
        chosen.retain(|id| !unwanted.contains(id));
    }
    Ok(chosen)
}

/// The users whom the filter names; `me` is the caller.
async fn chosen_authors(
    state: &State,
    caller: &Caller,
    workspace: WorkspaceId,
    names: &Names,
) -> Result<Authors> {
    let own = |names: &[String]| names.iter().any(|name| name == "me").then(|| caller.user_id());
    let mut authors = Authors::default();
    if !names.wanted.is_empty() {
        let mut wanted = users::find_by_names(&state.pool, workspace, &names.wanted).await?;
        wanted.extend(own(&names.wanted));
        authors.wanted = Some(wanted);
    }
    if !names.unwanted.is_empty() {
        authors.unwanted = users::find_by_names(&state.pool, workspace, &names.unwanted).await?;
        authors.unwanted.extend(own(&names.unwanted));
    }
    Ok(authors)
}

async fn find_messages(state: &State, criteria: &Criteria, wanted: &Wanted) -> ApiResult<CursorPage<Hit>> {
    let began = Instant::now();
    let (rows, way) = messages::search(&state.pool, criteria).await?;
    state.metrics.searched("messages", way, began.elapsed());
    let page = CursorPage::from_rows(rows, wanted.limit, |row| position(row.created_at, row.message_id));
    let CursorPage { items, next_cursor } = page.map_err(ApiError::internal)?;
    let items = items.into_iter().map(|row| Hit::message(row, &wanted.query.wanted)).collect();
    Ok(CursorPage { items, next_cursor })
}

async fn find_files(state: &State, criteria: &Criteria, wanted: &Wanted) -> ApiResult<CursorPage<Hit>> {
    let began = Instant::now();
    let (rows, way) = files::search(&state.pool, criteria).await?;
    state.metrics.searched("files", way, began.elapsed());
    let page = CursorPage::from_rows(rows, wanted.limit, |row| position(row.created_at, row.file_id));
    let CursorPage { items, next_cursor } = page.map_err(ApiError::internal)?;
    let items = items.into_iter().map(|row| Hit::file(row, &wanted.query.wanted)).collect();
    Ok(CursorPage { items, next_cursor })
}
