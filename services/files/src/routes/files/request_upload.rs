//! `POST /files/upload-url` (F-1, F-2).

use std::collections::BTreeMap;

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::{ChannelId, FileId};
use colink_core::permission::Action;
use colink_core::text::FileName;
use colink_core::time::Timestamp;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Failure, Reply, Success, WorkspaceScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::authorise;
use crate::domain::checksum::Checksum;
use crate::domain::file::{File, Status, later};
use crate::domain::media_type::MediaType;
use crate::domain::rules::Rules;
use crate::error::{Error, Result};
use crate::state::State;
use crate::view::FileView;

/// What is going to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "filename": "plan.pdf",
    "content_type": "application/pdf",
    "size": 48213,
    "channel_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"
}))]
pub(crate) struct RequestUpload {
    /// The file's name, without a path.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    filename: String,
    /// Its media type; parameters are dropped.
    #[serde(default)]
    content_type: String,
    /// Its exact size in bytes.
    #[schema(minimum = 1)]
    size: Option<i64>,
    /// The channel it is for.
    #[serde(default)]
    #[schema(value_type = ChannelId)]
    channel_id: String,
    /// SHA-256 of its bytes in hex; compared when the upload is confirmed.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
}

/// Permission to upload one file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadTicket {
    /// The file; confirm it by this id.
    file_id: FileId,
    /// Send the bytes here. It takes exactly the type and the size that were asked for.
    #[schema(example = "https://files.example.org/colink-files/w/c/f?X-Amz-Signature=…")]
    upload_url: String,
    /// The method to send them with.
    #[schema(example = "PUT")]
    method: &'static str,
    /// Headers to send with exactly these values.
    #[schema(example = json!({ "content-type": "application/pdf" }))]
    headers: BTreeMap<String, String>,
    /// When the URL ends.
    expires_at: Timestamp,
    /// The file so far.
    file: FileView,
}

struct Upload {
    filename: FileName,
    content_type: MediaType,
    size: u64,
    channel_id: ChannelId,
    sha256: Option<Checksum>,
}

/// Asks for a URL to upload a file to. It takes the bytes directly, within minutes; confirm the upload afterwards.
#[utoipa::path(
    post, path = "/files/upload-url", operation_id = "request_upload", tag = "files",
    request_body = RequestUpload,
    responses(
        (status = 201, description = "Upload the bytes, then confirm", body = Success<UploadTicket>),
        (status = 404, description = "There is no such channel for the caller", body = Failure),
    )
)]
pub(crate) async fn request_upload(
    state: Data<State>,
    caller: Scoped<needs::FilesWrite>,
    scope: WorkspaceScope,
    Body(request): Body<RequestUpload>,
) -> ApiResult<Reply<UploadTicket>> {
    let upload = parse(request, &state.rules)?;
    let seat = authorise(&state, &caller, upload.channel_id, Action::UploadFile, "channel").await?;
    if scope.named().is_some_and(|named| named != seat.workspace_id) {
        return Err(Error::NotFound("channel").into());
    }
    let file = File {
        id: FileId::generate(state.clock.as_ref()),
        channel_id: seat.channel_id,
        workspace_id: seat.workspace_id,
        uploader_id: caller.user_id(),
        filename: upload.filename.into_string(),
        content_type: upload.content_type,
        size: upload.size,
        sha256: upload.sha256.map(Checksum::into_string),
        status: Status::Pending,
        etag: None,
        refused: None,
        created_at: state.clock.timestamp(),
        confirmed_at: None,
    };
    Ok(Reply::created(issue(&state, file).await?))
}

async fn issue(state: &State, file: File) -> Result<UploadTicket> {
    let rules = &state.rules;
    let put = state
        .objects
        .presign_put(&file.upload_key(), file.content_type.as_str(), file.size, rules.upload_url)
        .await?;
    let expires_at = later(file.created_at, rules.upload_url);
    state.files.insert(&file, expires_at, later(file.created_at, rules.orphan_after)).await?;
    state.metrics.requested();
    Ok(UploadTicket {
        file_id: file.id,
        upload_url: put.url,
        method: "PUT",
        headers: put.headers.into_iter().collect(),
        expires_at,
        file: file.into(),
    })
}

fn parse(request: RequestUpload, rules: &Rules) -> ApiResult<Upload> {
    let (filename, content_type, size, channel_id, sha256) = all((
        field("filename", FileName::parse(&request.filename)),
        content_type(&request.content_type, rules),
        field("size", size(request.size)),
        field("channel_id", parse_id(&request.channel_id)),
        optional("sha256", request.sha256, |text| Checksum::parse(&text)),
    ))?;
    if size > rules.max_size_bytes {
        return Err(Error::TooLarge { max_bytes: rules.max_size_bytes }.into());
    }
    Ok(Upload { filename, content_type, size, channel_id, sha256 })
}

fn content_type(text: &str, rules: &Rules) -> std::result::Result<MediaType, FieldError> {
    let media = field("content_type", MediaType::parse(text))?;
    if rules.allowed.admits(&media) {
        Ok(media)
    } else {
        Err(FieldError::new(
            "content_type",
            format!("{} is not among the types that may be uploaded here", media.as_str()),
        ))
    }
}

fn size(size: Option<i64>) -> std::result::Result<u64, Invalid> {
    let size = size.ok_or_else(Invalid::required)?;
    u64::try_from(size).ok().filter(|size| *size > 0).ok_or_else(|| Invalid::new("must be 1 or more"))
}

fn parse_id(text: &str) -> std::result::Result<ChannelId, Invalid> {
    if text.is_empty() { Err(Invalid::required()) } else { text.parse() }
}
