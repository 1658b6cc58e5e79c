//! `GET /files/{file_id}/download-url` (F-1, F-5).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::FileId;
use colink_core::permission::Action;
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Failure, Path, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::authorise;
use crate::domain::file::{File, Status, later};
use crate::error::{Error, Result};
use crate::state::State;

/// Permission to download one file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DownloadTicket {
    /// The file.
    file_id: FileId,
    /// GET the bytes here; a browser saves them and shows nothing.
    #[schema(example = "https://files.example.org/colink-files/w/c/f?X-Amz-Signature=…")]
    download_url: String,
    /// When the URL ends.
    expires_at: Timestamp,
    /// The name that the file is saved under.
    #[schema(example = "plan.pdf")]
    filename: String,
    /// The media type that it is served with.
    #[schema(example = "application/pdf")]
    content_type: String,
    /// In bytes.
    #[schema(example = 48213)]
    size: u64,
}

/// Asks for a URL to download a file from. It holds for minutes, for this file alone.
#[utoipa::path(
    get, path = "/files/{file_id}/download-url", operation_id = "request_download", tag = "files",
    params(("file_id" = FileId, Path)),
    responses(
        (status = 200, description = "Download the bytes", body = Success<DownloadTicket>),
        (status = 409, description = "Not confirmed yet, or replaced since then", body = Failure),
    )
)]
pub(crate) async fn request_download(
    state: Data<State>,
    caller: Scoped<needs::FilesRead>,
    Path(id): Path<FileId>,
) -> ApiResult<Reply<DownloadTicket>> {
    let file = state.files.lookup(id).await?.ok_or(Error::NotFound("file"))?;
    if !file.is_known_to(caller.user_id()) {
        return Err(Error::NotFound("file").into());
    }
    authorise(&state, &caller, file.channel_id, Action::ReadFiles, "file").await?;
    if file.status != Status::Uploaded {
        return Err(Error::NotConfirmed.into());
    }
    Ok(Reply::ok(issue(&state, file).await?))
}

async fn issue(state: &State, file: File) -> Result<DownloadTicket> {
    check_object(state, &file).await?;
    let (safe, holds) = (file.content_type.safe(), state.rules.download_url);
    let url = state.objects.presign_get(&file.object_key(), &file.filename, safe, holds).await?;
    state.metrics.downloaded();
    Ok(DownloadTicket {
        file_id: file.id,
        download_url: url,
        expires_at: later(state.clock.timestamp(), holds),
        content_type: safe.to_owned(),
        size: file.size,
        filename: file.filename,
    })
}

/// No client can write there; what somebody with the keys of the storage put there was never checked and is not given out.
async fn check_object(state: &State, file: &File) -> Result<()> {
    let head = state.objects.head(&file.object_key()).await?.ok_or(Error::NotFound("file"))?;
    if head.size == file.size && (file.etag.is_none() || head.etag == file.etag) {
        Ok(())
    } else {
        Err(Error::Replaced)
    }
}
