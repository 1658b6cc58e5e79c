//! An export of everything that is kept of a user: a ZIP archive, written as a stream into the object storage.
//!
//! What is collected goes page by page through a bounded channel to a thread that compresses it, and from there part by
//! part to the storage: an export of any size needs a few parts' worth of memory.

mod archive;
mod collect;
mod own_tables;

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
    let key = &export.object_key;
    // Nobody else makes it: what is being written there was left by a run that was cut off.
    state.objects.abort_uploads(key).await?;
    let mut upload = state.objects.begin_upload(key, "application/zip").await?;
    match write(state, export, &mut upload).await {
        Ok(()) => Ok(upload.complete().await?),
        Err(error) => {
            if let Err(left) = upload.abort().await {
                let left = &left as &dyn std::error::Error;
                tracing::warn!(error = left, "an unfinished archive stays in the storage for now");
            }
            Err(error)
        }
    }
}

async fn write(state: &State, export: &Export, upload: &mut Upload) -> Result<(), AuthError> {
    let (entries, to_compress) = mpsc::channel::<Entry>(WAITING);
    let (parts, to_send) = mpsc::channel::<Bytes>(WAITING);
    let compressing = tokio::task::spawn_blocking(move || archive::write(to_compress, parts));
    let (collected, sent) =
        tokio::join!(collect::everything(state, export.user_id(), entries), send(upload, to_send));
    let compressed = compressing.await.map_err(AuthError::crypto)?;
    // A step that fails ends its neighbours, which then only know that somebody is gone.
    sent?;
    match compressed {
        Ok(()) | Err(ArchiveError::BrokenOff) => collected,
        Err(error) => Err(error.into()),
    }
}

async fn send(upload: &mut Upload, mut parts: mpsc::Receiver<Bytes>) -> Result<(), AuthError> {
    while let Some(part) = parts.recv().await {
        upload.put_part(part).await?;
    }
    Ok(())
}

/// Deletes an archive, and what runs that were cut off have left of it.
///
/// # Errors
/// [`AuthError::Store`].
pub(crate) async fn remove(state: &State, object_key: &str) -> Result<(), AuthError> {
    state.objects.abort_uploads(object_key).await?;
    Ok(state.objects.delete(object_key).await?)
}
