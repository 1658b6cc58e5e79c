//! `POST /files/{file_id}/confirm` (F-1).

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::error::FieldError;
use colink_core::id::FileId;
use colink_core::permission::Action;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, OptionalBody, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::authorise;
use crate::domain::checksum::Checksum;
use crate::domain::file::{File, RefusedBytes, Status};
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
pub(crate) struct ConfirmUpload {
    /// SHA-256 of the bytes in hex.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
}

/// Confirms an upload: the bytes are read and compared with what was agreed. Repeating it changes nothing.
#[utoipa::path(
    post, path = "/files/{file_id}/confirm", operation_id = "confirm_upload", tag = "files",
    params(("file_id" = FileId, Path)),
    request_body = Option<ConfirmUpload>,
    responses((status = 200, description = "The file is there for the channel", body = Success<FileView>))
)]
pub(crate) async fn confirm_upload(
    state: Data<State>,
    caller: Scoped<needs::FilesWrite>,
    Path(id): Path<FileId>,
    OptionalBody(request): OptionalBody<ConfirmUpload>,
) -> ApiResult<Reply<FileView>> {
    let request = request.unwrap_or_default();
    let (checksum,) = all((optional("sha256", request.sha256, |text| Checksum::parse(&text)),))?;
    let file = state.files.lookup(id).await?.ok_or(Error::NotFound("file"))?;
    if !file.is_known_to(caller.user_id()) {
        return Err(Error::NotFound("file").into());
    }
    authorise(&state, &caller, file.channel_id, Action::UploadFile, "file").await?;
    if file.uploader_id != caller.user_id() {
        return Err(Error::Forbidden("Only its uploader confirms an upload.").into());
    }
    Ok(Reply::ok(confirm(&state, &caller, file, checksum.as_ref()).await?.into()))
}

async fn confirm(state: &State, caller: &Caller, file: File, checksum: Option<&Checksum>) -> Result<File> {
    if file.status == Status::Uploaded {
        return repeated(file, checksum);
    }
    let _place = state.reading.acquire().await;
    // Who had to wait may find that another request has read the bytes.
    let now = state.files.lookup(file.id).await?;
    let file = now.filter(|now| now.is_known_to(caller.user_id())).ok_or(Error::NotFound("file"))?;
    if file.status == Status::Uploaded {
        return repeated(file, checksum);
    }
    let (sha256, etag) = match take(state, &file, checksum).await {
        Ok(taken) => taken,
        // Whoever confirmed it meanwhile cleared away what was uploaded.
        Err(missing @ (Error::NotUploaded | Error::Replaced)) => {
            let confirmed = find_confirmed(state, file.id).await?.ok_or(missing)?;
            return repeated(confirmed, checksum);
        }
        Err(error) => return Err(error),
    };
    let event = file.uploaded(sha256.clone());
    let event = PendingEvent::seal(&event, &caller.cause(), state.clock.as_ref())?;
    let confirmed = File {
        status: Status::Uploaded,
        sha256: Some(sha256),
        etag,
        refused: None,
        confirmed_at: Some(state.clock.timestamp()),
        ..file
    };
    if state.files.confirm(&confirmed, event).await? {
        state.wake.notify_one();
        state.metrics.confirmed(confirmed.id, confirmed.size);
        return Ok(confirmed);
    }
    // Somebody confirmed, deleted or expired it meanwhile.
    find_confirmed(state, confirmed.id).await?.ok_or(Error::NotFound("file"))
}

async fn find_confirmed(state: &State, id: FileId) -> Result<Option<File>> {
    Ok(state.files.lookup(id).await?.filter(|now| now.status == Status::Uploaded))
}

/// Checks the bytes and puts them where the upload URL does not reach; their SHA-256 and the version of what is there.
async fn take(state: &State, file: &File, checksum: Option<&Checksum>) -> Result<(String, Option<String>)> {
    let (sha256, etag) = examine(state, file, checksum).await?;
    let kept = state.objects.copy(&file.upload_key(), &file.object_key(), etag.as_deref()).await?;
    let kept = kept.filter(|kept| kept.size == file.size).ok_or(Error::Replaced)?;
    Ok((sha256, kept.etag))
}

/// SHA-256 and version of the bytes, if they are what was agreed. If not, that is kept with the file: the same bytes are
/// not read again.
async fn examine(
    state: &State,
    file: &File,
    checksum: Option<&Checksum>,
) -> Result<(String, Option<String>)> {
    let known = refused_before(state, file).await?;
    let is_new = known.is_none();
    let found = if let Some(known) = known {
        known
    } else {
        let fits = |beginning: &[u8]| sniff::fits(&file.content_type, beginning, &state.rules.allowed);
        let found = inspect(&state.objects, &file.upload_key(), file.size, fits).await?;
        found.ok_or(Error::NotUploaded)?
    };
    let refused = match compare(file, &found, checksum) {
        Ok(sha256) => return Ok((sha256, found.etag)),
        Err(refused) => refused,
    };
    state.metrics.refused(file.id, &refused.field);
    if let (true, Some(etag)) = (is_new && found.size == file.size, found.etag) {
        state.files.update_refused(file.id, &RefusedBytes { etag, sha256: found.sha256 }).await?;
    }
    Err(Error::Refused(vec![refused]))
}

/// What is known of the bytes, if they are still those that were refused.
async fn refused_before(state: &State, file: &File) -> Result<Option<Inspection>> {
    let Some(RefusedBytes { etag, sha256 }) = file.refused.clone() else { return Ok(None) };
    let head = state.objects.head(&file.upload_key()).await?.ok_or(Error::NotUploaded)?;
    let same = head.size == file.size && head.etag.as_ref() == Some(&etag);
    Ok(same.then_some(Inspection { size: head.size, etag: Some(etag), sha256 }))
}

/// The SHA-256 of bytes that are what was agreed, or the first thing in which they differ.
fn compare(
    file: &File,
    found: &Inspection,
    checksum: Option<&Checksum>,
) -> std::result::Result<String, FieldError> {
    if found.size != file.size {
        let message = format!("was agreed to be {} bytes, and {} were uploaded", file.size, found.size);
        return Err(FieldError::new("size", message));
    }
    let Some(sha256) = &found.sha256 else {
        let message =
            format!("was agreed to be {}, and the bytes are something else", file.content_type.as_str());
        return Err(FieldError::new("content_type", message));
    };
    match differs(file, Some(sha256), checksum) {
        Some(refused) => Err(refused),
        None => Ok(sha256.clone()),
    }
}

/// Both the checksum of the request for the URL and that of the confirmation count.
fn differs(file: &File, actual: Option<&str>, checksum: Option<&Checksum>) -> Option<FieldError> {
    let claimed = [file.sha256.as_deref(), checksum.map(Checksum::as_str)];
    let same = claimed.into_iter().flatten().all(|claimed| Some(claimed) == actual);
    (!same).then(|| FieldError::new("sha256", "is not the checksum of the bytes that were uploaded"))
}

/// A file that is confirmed already; another checksum than its own is refused.
fn repeated(file: File, checksum: Option<&Checksum>) -> Result<File> {
    match differs(&file, file.sha256.as_deref(), checksum) {
        Some(refused) => Err(Error::Refused(vec![refused])),
        None => Ok(file),
    }
}
