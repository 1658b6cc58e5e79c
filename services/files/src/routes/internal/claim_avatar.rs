//! `POST /internal/files/{file_id}/avatar`: a file becomes a user's picture.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{FileId, UserId};
use colink_http::{ApiResult, Body, Path, Reply};
use serde::Deserialize;

use crate::domain::file::{File, Status};
use crate::domain::media_type::Kind;
use crate::error::Error;
use crate::state::State;

/// The largest picture, in bytes.
const AVATAR_MAX_BYTES: u64 = 5 * 1024 * 1024;

/// Whose picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    user_id: UserId,
}

/// 404 unless it is a confirmed image of his that a browser may show. The mark stays when he takes another picture: it
/// says which files go with him when he is erased.
pub(crate) async fn claim_avatar(
    state: Data<State>,
    _: InternalCaller,
    Path(id): Path<FileId>,
    Body(claim): Body<Claim>,
) -> ApiResult<Reply<()>> {
    let file = state.files.lookup(id).await?.filter(|file| may_show(file, claim.user_id));
    let file = file.ok_or(Error::NotFound("picture"))?;
    if !state.files.update_avatar(file.id, claim.user_id).await? {
        return Err(Error::NotFound("picture").into());
    }
    Ok(Reply::no_content())
}

fn may_show(file: &File, user: UserId) -> bool {
    let media = &file.content_type;
    file.status == Status::Uploaded
        && file.uploader_id == user
        && file.size <= AVATAR_MAX_BYTES
        && media.kind() == Kind::Image
        && media.safe() == media.as_str()
}
