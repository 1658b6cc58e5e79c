//! Objects: their heads, their bytes, writing and deleting them.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::ObjectStore;
use super::client::patient;
use super::escape::escape;
use super::failure::{is_not_found, status};
use crate::StoreError;

const PRECONDITION_FAILED: u16 = 412;
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// What the storage knows about an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// In bytes.
    pub size: u64,
    /// As given at the upload.
    pub content_type: Option<String>,
    /// The storage's version tag, quotes included.
    pub etag: Option<String>,
}

/// An object's bytes, chunk by chunk.
#[derive(Debug)]
pub struct ObjectStream {
    /// What the storage says about the object.
    pub head: ObjectHead,
    body: ByteStream,
}

impl ObjectStream {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection breaks or stalls before the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.body.try_next().await?)
    }
}

impl ObjectStore {
    /// The object's head; `None` when there is no such object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(ObjectHead {
                size: size(head.content_length),
                content_type: head.content_type,
                etag: head.e_tag,
            })),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes from `range.start` up to, not including, `range.end`; fewer when the object is shorter, `None` when there is
    /// no such object. For a few kilobytes, e.g. to look at what a file begins with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_range(
        &self,
        key: &str,
        range: std::ops::Range<u64>,
    ) -> Result<Option<Bytes>, StoreError> {
        if range.is_empty() {
            return Ok(Some(Bytes::new()));
        }
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        match self.client.get_object().bucket(&self.bucket).key(key).range(bytes).send().await {
            Ok(object) => Ok(Some(object.body.collect().await?.into_bytes())),
            Err(error) if is_not_found(&error) => Ok(None),
            // Asked for bytes behind the end, such as any byte of an empty object.
            Err(error) if status(&error) == Some(RANGE_NOT_SATISFIABLE) => Ok(Some(Bytes::new())),
            Err(error) => Err(error.into()),
        }
    }

    /// The whole object as a stream; `None` when there is no such object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_stream(&self, key: &str) -> Result<Option<ObjectStream>, StoreError> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => {
                let head = ObjectHead {
                    size: size(object.content_length),
                    content_type: object.content_type,
                    etag: object.e_tag,
                };
                Ok(Some(ObjectStream { head, body: object.body }))
            }
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a small object, e.g. a thumbnail; it must be sent within 3 s.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, key: &str, bytes: Bytes, content_type: &str) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        put.body(ByteStream::from(bytes)).send().await?;
        Ok(())
    }

    /// Copies an object within the bucket, without its bytes passing through here, and says what the copy is. `None` when there is
    /// no such object, or it is another version than `etag`. Takes up to 30 s.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn copy(
        &self,
        from: &str,
        to: &str,
        etag: Option<&str>,
    ) -> Result<Option<ObjectHead>, StoreError> {
        let copy = self.client.copy_object().bucket(&self.bucket).key(to);
        let copy = copy.copy_source(format!("{}/{}", self.bucket, escape(from, b"-._~/")));
        let copy = copy.set_copy_source_if_match(etag.map(str::to_owned));
        match copy.customize().config_override(patient()).send().await {
            Ok(_) => self.head(to).await,
            Err(error) if is_not_found(&error) || status(&error) == Some(PRECONDITION_FAILED) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object; one that is not there counts as deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.client.delete_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn size(content_length: Option<i64>) -> u64 {
    content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0)
}
