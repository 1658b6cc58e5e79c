//! Reading an uploaded object once: its length, its first bytes, its SHA-256.
//!
//! Head and bytes come from one answer of the storage, so the ETag belongs to the bytes that were read.

use colink_store::s3::ObjectStore;
use sha2::{Digest, Sha256};

use crate::domain::sniff::SNIFF_BYTES;
use crate::error::Result;

/// What an object is.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// In bytes.
    pub(crate) size: u64,
    /// The storage's version tag.
    pub(crate) etag: Option<String>,
    /// Lower-case hex.
    pub(crate) sha256: String,
    /// The first bytes, up to [`SNIFF_BYTES`].
    pub(crate) beginning: Vec<u8>,
}

/// Reads the object; `None` when there is none. One that has not the `expected` size is not read to its end.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn inspect(objects: &ObjectStore, key: &str, expected: u64) -> Result<Option<Inspection>> {
    let Some(mut stream) = objects.get_stream(key).await? else { return Ok(None) };
    let mut hash = Sha256::new();
    let mut beginning = Vec::new();
    let mut size = stream.head.size;
    if size == expected {
        size = 0;
        while let Some(chunk) = stream.next_chunk().await? {
            let wanted = SNIFF_BYTES.saturating_sub(beginning.len()).min(chunk.len());
            beginning.extend_from_slice(&chunk[..wanted]);
            hash.update(&chunk);
            size += chunk.len() as u64;
        }
    }
    let sha256 = hex::encode(hash.finalize());
    Ok(Some(Inspection { size, etag: stream.head.etag, sha256, beginning }))
}
