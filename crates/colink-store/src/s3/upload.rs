//! Objects of a size that is not known beforehand, written part by part. They are there when they are complete, and not
//! before.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::client::patient;
use super::failure::is_not_found;
use super::{ObjectStore, STORE};
use crate::StoreError;

/// An object that is being written. One that is neither completed nor aborted leaves its parts behind in the storage.
#[derive(Debug)]
#[must_use = "complete or abort it"]
pub struct Upload {
    store: ObjectStore,
    key: String,
    id: String,
    parts: Vec<CompletedPart>,
}

impl ObjectStore {
    /// Begins to write an object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_upload(&self, key: &str, content_type: &str) -> Result<Upload, StoreError> {
        let begun = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begun = begun.content_type(content_type).send().await?;
        let id = begun.upload_id.ok_or_else(|| StoreError::rejected(STORE, "the upload has no id"))?;
        Ok(Upload { store: self.clone(), key: key.to_owned(), id, parts: Vec::new() })
    }

    /// The ids of uploads of this object that were begun and neither completed nor aborted, at most a thousand. Servers differ in
    /// what they make of part of a key, and in when they say that an upload was begun; all of them list those of a whole key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_uploads(&self, key: &str) -> Result<Vec<String>, StoreError> {
        let list = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(key).send().await?;
        let uploads = list.uploads.into_iter().flatten();
        let of_key = uploads.filter(|upload| upload.key.as_deref() == Some(key));
        Ok(of_key.filter_map(|upload| upload.upload_id).collect())
    }

    /// Aborts the uploads of this object that were begun and not ended, and says how many: what is left of processes that died on
    /// the way. One that somebody still writes fails with its next part.
    ///
    /// # Errors
    /// [`StoreError`]; what was aborted before the failure stays so.
    pub async fn abort_uploads(&self, key: &str) -> Result<usize, StoreError> {
        let uploads = self.list_uploads(key).await?;
        for id in &uploads {
            let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(id);
            match abort.send().await {
                Ok(_) => {}
                Err(error) if is_not_found(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(uploads.len())
    }
}

impl Upload {
    /// Fewest bytes of a part, but for the last one: what the protocol asks. Also a good size: a part must be sent within 3 s.
    pub const PART_BYTES: usize = 5 * 1024 * 1024;

    /// Writes the next part.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_part(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let number =
            i32::try_from(self.parts.len() + 1).map_err(|error| StoreError::rejected(STORE, error))?;
        let put = self.store.client.upload_part().bucket(&self.store.bucket).key(&self.key);
        let put = put.upload_id(&self.id).part_number(number).body(ByteStream::from(bytes)).send().await?;
        self.parts.push(CompletedPart::builder().part_number(number).set_e_tag(put.e_tag).build());
        Ok(())
    }

    /// Puts the parts together; at least one was written. Takes up to 30 s.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn complete(self) -> Result<(), StoreError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts)).build();
        let complete =
            self.store.client.complete_multipart_upload().bucket(&self.store.bucket).key(&self.key);
        let complete = complete.upload_id(&self.id).multipart_upload(parts);
        complete.customize().config_override(patient()).send().await?;
        Ok(())
    }

    /// Gives the object up.
    ///
    /// # Errors
    /// [`StoreError`]; the parts may stay in the storage.
    pub async fn abort(self) -> Result<(), StoreError> {
        let abort = self.store.client.abort_multipart_upload().bucket(&self.store.bucket).key(&self.key);
        abort.upload_id(&self.id).send().await?;
        Ok(())
    }
}
