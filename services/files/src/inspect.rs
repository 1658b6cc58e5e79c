//! Reading an uploaded object once: its length, its first bytes, its SHA-256.
//!
//! Head and bytes come from one answer of the storage, so the ETag belongs to the bytes that were read. A client makes us
//! read with a request of a few bytes, so no byte is read that is not needed, and only a few objects are read at a time.

use colink_store::s3::ObjectStore;
use sha2::{Digest, Sha256};

use crate::domain::sniff::SNIFF_BYTES;
use crate::error::Result;

/// Objects that this process reads at a time.
pub(crate) const AT_ONCE: usize = 4;

/// What an object is.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// In bytes.
    pub(crate) size: u64,
    /// The storage's version tag.
    pub(crate) etag: Option<String>,
    /// Lower-case hex; `None` when size or beginning are wrong, so that the rest was not read.
    pub(crate) sha256: Option<String>,
}

/// Reads the object; `None` when there is none. One that has not the `expected` size, or whose first bytes, up to
/// [`SNIFF_BYTES`], do not fit, is not read any further.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn inspect(
    objects: &ObjectStore,
    key: &str,
    expected: u64,
    fits: impl Fn(&[u8]) -> bool,
) -> Result<Option<Inspection>> {
    let Some(mut stream) = objects.get_stream(key).await? else { return Ok(None) };
    let (size, etag) = (stream.head.size, stream.head.etag.take());
    if size != expected {
        return Ok(Some(Inspection { size, etag, sha256: None }));
    }
    let mut hash = Sha256::new();
    let mut beginning = Vec::new();
    while beginning.len() < SNIFF_BYTES
        && let Some(chunk) = stream.next_chunk().await?
    {
        hash.update(&chunk);
        beginning.extend_from_slice(&chunk);
    }
    let mut read = beginning.len() as u64;
    beginning.truncate(SNIFF_BYTES);
    if !fits(&beginning) {
        return Ok(Some(Inspection { size, etag, sha256: None }));
    }
    while let Some(chunk) = stream.next_chunk().await? {
        hash.update(&chunk);
        read += chunk.len() as u64;
    }
    Ok(Some(Inspection { size: read, etag, sha256: Some(hex::encode(hash.finalize())) }))
}
