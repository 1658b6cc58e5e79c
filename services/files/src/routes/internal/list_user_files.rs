//! `GET /internal/users/{user_id}/files?after=`: what a user has uploaded, for the export of his data.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{FileId, UserId};
use colink_http::{ApiResult, Path, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::view::FileView;

const LIMIT: i64 = 500;

/// Behind which file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    after: Option<FileId>,
}

/// Up to 500 files, the first uploaded first.
#[derive(Debug, Serialize)]
pub(crate) struct Uploads {
    files: Vec<FileView>,
    /// Where to go on; none at the end.
    next_after: Option<FileId>,
}

/// An unknown user has uploaded nothing.
pub(crate) async fn list_user_files(
    state: Data<State>,
    _: InternalCaller,
    Path(user): Path<UserId>,
    Query(After { after }): Query<After>,
) -> ApiResult<Reply<Uploads>> {
    let files = state.files.list_of_uploader(user, after, LIMIT).await?;
    let full = i64::try_from(files.len()).is_ok_and(|found| found == LIMIT);
    let next_after = files.last().map(|file| file.id).filter(|_| full);
    Ok(Reply::ok(Uploads { files: files.into_iter().map(FileView::from).collect(), next_after }))
}
