//! `GET /files` (F-1, F-5).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::page::{TablePage, TableQuery};
use colink_core::permission::Action;
use colink_http::validate::optional;
use colink_http::{ApiError, ApiResult, Failure, Query, Reply, Success, WorkspaceScope};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{authorise, readable_channels};
use crate::domain::media_type::{Kind, MediaType};
use crate::domain::sort::Sort;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::list::{Media, Wanted};
use crate::view::FileView;

/// Which files. Without a channel: those of every channel of the workspace that the caller may read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListFiles {
    /// The channel.
    #[param(value_type = Option<ChannelId>)]
    channel_id: Option<String>,
    /// Who uploaded them.
    #[param(value_type = Option<UserId>)]
    user_id: Option<String>,
    /// `image`, `video`, `audio`, `text`, `document`, `archive`, `other`, or a media type such as `image/png`.
    #[serde(rename = "type")]
    #[param(example = "image")]
    media: Option<String>,
    /// `created_at`, `size` or `filename`; with a minus in front the other way round.
    #[param(default = "-created_at")]
    sort: Option<String>,
    /// The page's number, from 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// Files a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
    /// The workspace, if it is not named by the header `X-Workspace-Id`.
    #[param(value_type = Option<WorkspaceId>)]
    #[expect(dead_code, reason = "WorkspaceScope reads it; here it is only not unknown")]
    workspace_id: Option<String>,
}

struct Asked {
    channel: Option<ChannelId>,
    uploader: Option<UserId>,
    media: Option<Media>,
    sort: Sort,
    page: TableQuery,
}

/// Lists uploaded files, the newest first.
#[utoipa::path(
    get, path = "/files", operation_id = "list_files", tag = "files", params(ListFiles),
    responses(
        (status = 200, description = "A page of files", body = Success<TablePage<FileView>>),
        (status = 404, description = "There is no such channel or workspace for the caller", body = Failure),
    )
)]
pub(crate) async fn list_files(
    state: Data<State>,
    caller: Scoped<needs::FilesRead>,
    scope: WorkspaceScope,
    Query(query): Query<ListFiles>,
) -> ApiResult<Reply<TablePage<FileView>>> {
    let asked = parse(query)?;
    let channels = match asked.channel {
        Some(channel) => vec![readable(&state, &caller, channel, scope.named()).await?],
        None => readable_channels(&state, &caller, scope.require()?).await?,
    };
    let wanted = Wanted { channels, uploader: asked.uploader, media: asked.media };
    let page = state.files.list(&wanted, asked.sort, asked.page).await?;
    Ok(Reply::ok(page.map(FileView::from)).with_body_etag())
}

async fn readable(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    workspace: Option<WorkspaceId>,
) -> Result<ChannelId> {
    let seat = authorise(state, caller, channel, Action::ReadFiles, "channel").await?;
    if workspace.is_some_and(|named| named != seat.workspace_id) {
        return Err(Error::NotFound("channel"));
    }
    Ok(channel)
}

fn parse(query: ListFiles) -> ApiResult<Asked> {
    let mut refused = Vec::new();
    let channel = kept(&mut refused, optional("channel_id", query.channel_id, |text| text.parse()));
    let uploader = kept(&mut refused, optional("user_id", query.user_id, |text| text.parse()));
    let media = kept(&mut refused, optional("type", query.media, |text| parse_media(&text)));
    let sort = kept(&mut refused, optional("sort", query.sort, |text| Sort::parse(&text)));
    let page = TableQuery::parse(query.page, query.page_size).unwrap_or_else(|more| {
        refused.extend(more);
        TableQuery::default()
    });
    if !refused.is_empty() {
        return Err(ApiError::validation(refused));
    }
    Ok(Asked { channel, uploader, media, sort: sort.unwrap_or(Sort::NEWEST), page })
}

fn kept<T>(refused: &mut Vec<FieldError>, parsed: std::result::Result<Option<T>, FieldError>) -> Option<T> {
    parsed.unwrap_or_else(|error| {
        refused.push(error);
        None
    })
}

fn parse_media(text: &str) -> std::result::Result<Media, Invalid> {
    if text.contains('/') {
        MediaType::parse(text).map(Media::Exact)
    } else {
        Kind::parse(text).map(Media::Kind)
    }
}
