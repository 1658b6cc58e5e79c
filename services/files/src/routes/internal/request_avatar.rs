//! `GET /internal/files/{file_id}/avatar-url`: where the bytes of a picture are.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::FileId;
use colink_http::{ApiResult, Path, Reply};
use serde::Serialize;

use crate::domain::file::Status;
use crate::error::Error;
use crate::state::State;

/// Where, and for how long.
#[derive(Debug, Serialize)]
pub(crate) struct AvatarLink {
    url: String,
    expires_in_s: u64,
}

/// 404 unless the file was made a picture and is still there. It is shown in pages, so it is not called an attachment.
pub(crate) async fn request_avatar(
    state: Data<State>,
    _: InternalCaller,
    Path(id): Path<FileId>,
) -> ApiResult<Reply<AvatarLink>> {
    let missing = || Error::NotFound("picture");
    if !state.files.find_avatar(id).await? {
        return Err(missing().into());
    }
    let file = state.files.lookup(id).await?.filter(|file| file.status == Status::Uploaded);
    let file = file.ok_or_else(missing)?;
    // As for downloads: what was never checked is not given out.
    let head = state.objects.head(&file.object_key()).await?.ok_or_else(missing)?;
    if head.size != file.size || (file.etag.is_some() && head.etag != file.etag) {
        return Err(Error::Replaced.into());
    }
    let holds = state.rules.download_url;
    let url = state.objects.presign_inline(&file.object_key(), file.content_type.safe(), holds).await?;
    Ok(Reply::ok(AvatarLink { url, expires_in_s: holds.as_secs() }))
}
