//! `DELETE /files/{file_id}` (F-6).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::FileId;
use colink_core::permission::Action;
use colink_events::files::FileDeleted;
use colink_http::{ApiResult, Path, Reply};

use crate::access::Seat;
use crate::domain::file::{File, Status};
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::pending_events::PendingEvent;

/// Deletes a file: its uploader, or who keeps order in the channel. It is gone at once; its bytes go soon after.
#[utoipa::path(
    delete, path = "/files/{file_id}", operation_id = "delete_file", tag = "files",
    params(("file_id" = FileId, Path)),
    responses((status = 204, description = "Deleted"))
)]
pub(crate) async fn delete_file(
    state: Data<State>,
    caller: Scoped<needs::FilesWrite>,
    Path(id): Path<FileId>,
) -> ApiResult<Reply<()>> {
    let mut file = known(&state, &caller, id).await?;
    let seat = Seat::ask(&state, &caller, file.channel_id, "file").await?;
    let own = file.uploader_id == caller.user_id() && seat.allows(Action::DeleteOwnFile);
    let action = if own { Action::DeleteOwnFile } else { Action::DeleteAnyFile };
    seat.permit(&state, &caller, action, "file").await?;
    // Another turn only when the file was confirmed in between.
    while !delete(&state, &caller, &file).await? {
        file = known(&state, &caller, id).await?;
    }
    state.wake.notify_one();
    state.metrics.deleted(id);
    Ok(Reply::no_content())
}

async fn known(state: &State, caller: &Caller, id: FileId) -> Result<File> {
    let file = state.files.lookup(id).await?;
    file.filter(|file| file.is_known_to(caller.user_id())).ok_or(Error::NotFound("file"))
}

/// A file that was never there for anybody goes without an event.
async fn delete(state: &State, caller: &Caller, file: &File) -> Result<bool> {
    let at = state.clock.timestamp();
    let deleted = FileDeleted {
        file_id: file.id,
        channel_id: file.channel_id,
        workspace_id: file.workspace_id,
        deleted_by: Some(caller.user_id()),
        at,
    };
    let event = match file.status {
        Status::Uploaded => Some(PendingEvent::seal(&deleted, &caller.cause(), state.clock.as_ref())?),
        Status::Pending | Status::Deleted | Status::Expired => None,
    };
    state.files.delete(file.id, file.status, caller.user_id(), at, event).await
}
