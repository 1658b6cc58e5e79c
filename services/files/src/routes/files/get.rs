//! `GET /files/{file_id}` (F-1, F-5).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::FileId;
use colink_core::permission::Action;
use colink_http::{ApiResult, Path, Reply, Success};

use crate::access::authorise;
use crate::error::Error;
use crate::state::State;
use crate::view::FileView;

/// A file's metadata. Until its upload is confirmed only its uploader sees it.
#[utoipa::path(
    get, path = "/files/{file_id}", operation_id = "get_file", tag = "files",
    params(("file_id" = FileId, Path)),
    responses((status = 200, description = "The metadata", body = Success<FileView>))
)]
pub(crate) async fn get_file(
    state: Data<State>,
    caller: Scoped<needs::FilesRead>,
    Path(id): Path<FileId>,
) -> ApiResult<Reply<FileView>> {
    let file = state.files.lookup(id).await?.ok_or(Error::NotFound("file"))?;
    if !file.is_known_to(caller.user_id()) {
        return Err(Error::NotFound("file").into());
    }
    authorise(&state, &caller, file.channel_id, Action::ReadFiles, "file").await?;
    Ok(Reply::ok(FileView::from(file)).with_body_etag())
}
