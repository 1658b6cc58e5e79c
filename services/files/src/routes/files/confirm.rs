//! `POST /files/{file_id}/confirm` (F-1).

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::error::FieldError;
use colink_core::id::FileId;
use colink_core::permission::Action;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, OptionalBody, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::authorise;
use crate::domain::checksum::Checksum;
use crate::domain::file::{File, Status};
use crate::domain::sniff;
use crate::error::{Error, Result};
use crate::inspect::{Inspection, inspect};
use crate::state::State;
use crate::store::pending_events::PendingEvent;
use crate::view::FileView;

/// What the client knows about the bytes it sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }))]
pub(crate) struct ConfirmRequest {
    /// SHA-256 of the bytes in hex.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
}

/// Confirms an upload: the bytes are read and compared with what was agreed. Repeating it changes nothing.
#[utoipa::path(
    post, path = "/files/{file_id}/confirm", operation_id = "confirm_upload", tag = "files",
    params(("file_id" = FileId, Path)),
    request_body = Option<ConfirmRequest>,
    responses((status = 200, description = "The file is there for the channel", body = Success<FileView>))
)]
pub(crate) async fn confirm_upload(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<FileId>,
    OptionalBody(request): OptionalBody<ConfirmRequest>,
) -> ApiResult<Reply<FileView>> {
    let request = request.unwrap_or_default();
    let (checksum,) = all((optional("sha256", request.sha256, |text| Checksum::parse(&text)),))?;
    let file = state.files.lookup(id).await?.ok_or(Error::NotFound("file"))?;
    authorise(&state, &caller, file.channel_id, Action::UploadFile, "file").await?;
    if !file.is_known_to(caller.user_id()) {
        return Err(Error::NotFound("file").into());
    }
    if file.uploader_id != caller.user_id() {
        return Err(Error::Forbidden("Only its uploader confirms an upload.").into());
    }
    Ok(Reply::ok(confirm(&state, &caller, file, checksum.as_ref()).await?.into()))
}

async fn confirm(state: &State, caller: &Caller, file: File, checksum: Option<&Checksum>) -> Result<File> {
    if file.status == Status::Uploaded {
        return compare_checksum(&file, file.sha256.as_deref(), checksum).map(|()| file);
    }
    let found = inspect(&state.objects, &file.object_key(), file.size).await?.ok_or(Error::NotUploaded)?;
    if let Err(error) = compare(state, &file, &found, checksum) {
        if let Error::Refused(fields) = &error {
            fields.iter().for_each(|refused| state.metrics.refused(file.id, &refused.field));
        }
        return Err(error);
    }
    let event = file.uploaded(found.sha256.clone());
    let event = PendingEvent::seal(&event, &caller.cause(), state.clock.as_ref())?;
    let confirmed = File {
        status: Status::Uploaded,
        sha256: Some(found.sha256),
        etag: found.etag,
        confirmed_at: Some(state.clock.timestamp()),
        ..file
    };
    if state.files.confirm(&confirmed, event).await? {
        state.wake.notify_one();
        state.metrics.confirmed(confirmed.id, confirmed.size);
        return Ok(confirmed);
    }
    // Somebody confirmed, deleted or expired it meanwhile.
    let now = state.files.lookup(confirmed.id).await?;
    now.filter(|now| now.status == Status::Uploaded).ok_or(Error::NotFound("file"))
}

/// Lists everything in which the bytes differ from what was agreed.
fn compare(state: &State, file: &File, found: &Inspection, checksum: Option<&Checksum>) -> Result<()> {
    if found.size != file.size {
        let message = format!("was agreed to be {} bytes, and {} were uploaded", file.size, found.size);
        return Err(Error::Refused(vec![FieldError::new("size", message)]));
    }
    let mut refused = Vec::new();
    if !sniff::fits(&file.content_type, &found.beginning, &state.rules.allowed) {
        let message =
            format!("was agreed to be {}, and the bytes are something else", file.content_type.as_str());
        refused.push(FieldError::new("content_type", message));
    }
    if let Err(Error::Refused(more)) = compare_checksum(file, Some(&found.sha256), checksum) {
        refused.extend(more);
    }
    if refused.is_empty() { Ok(()) } else { Err(Error::Refused(refused)) }
}

/// Both the checksum of the request for the URL and that of the confirmation count.
fn compare_checksum(file: &File, actual: Option<&str>, checksum: Option<&Checksum>) -> Result<()> {
    let claimed = [file.sha256.as_deref(), checksum.map(Checksum::as_str)];
    if claimed.into_iter().flatten().all(|claimed| Some(claimed) == actual) {
        Ok(())
    } else {
        let message = "is not the checksum of the bytes that were uploaded";
        Err(Error::Refused(vec![FieldError::new("sha256", message)]))
    }
}
