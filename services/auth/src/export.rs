//! An export of everything that is kept of a user: a ZIP archive, written as a stream into the object storage.
//!
//! What is collected goes page by page through a bounded channel to a thread that compresses it, and from there part by
//! part to the storage: an export of any size needs a few parts' worth of memory.

mod archive;
mod collect;

use bytes::Bytes;
use colink_store::s3::Upload;
use tokio::sync::mpsc;

pub(crate) use self::archive::ArchiveError;
use self::archive::Entry;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::Export;

/// Pieces that wait between two steps.
const WAITING: usize = 2;

/// Makes the archive. Done again, it is made anew under the same key.
///
/// # Errors
/// What a store or another service says; then there is no archive.
pub(crate) async fn make(state: &State, export: &Export) -> Result<(), AuthError> {
    let (entries, to_compress) = mpsc::channel::<Entry>(WAITING);
    let (parts, to_send) = mpsc::channel::<Bytes>(WAITING);
    let compressing = tokio::task::spawn_blocking(move || archive::write(to_compress, parts));
    let upload = state.objects.begin_upload(&export.object_key, "application/zip").await?;
    let (collected, sent) =
        tokio::join!(collect::everything(state, export.user_id(), entries), send(upload, to_send));
    let compressed = compressing.await.map_err(AuthError::crypto)?;
    let upload = sent?;
    // A step that fails ends its neighbours, which then only know that somebody is gone.
    let outcome = match compressed {
        Ok(()) | Err(ArchiveError::BrokenOff) => collected,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => Ok(upload.complete().await?),
        Err(error) => {
            upload.abort().await?;
            Err(error)
        }
    }
}

async fn send(mut upload: Upload, mut parts: mpsc::Receiver<Bytes>) -> Result<Upload, AuthError> {
    while let Some(part) = parts.recv().await {
        if let Err(error) = upload.put_part(part).await {
            upload.abort().await?;
            return Err(error.into());
        }
    }
    Ok(upload)
}
