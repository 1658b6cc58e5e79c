//! The bucket itself: for `migrate`, for `/ready`, and for tests that have one each.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::failure::{is_not_found, status};
use super::{ObjectStore, STORE};
use crate::StoreError;

const CONFLICT: u16 = 409;

impl ObjectStore {
    /// Makes the bucket unless it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ensure_bucket(&self) -> Result<(), StoreError> {
        if self.has_bucket().await? {
            return Ok(());
        }
        let place = self.bucket_region.as_deref().map(|region| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let create = self.client.create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place);
        match create.send().await {
            Ok(_) => Ok(()),
            // Another process made it in between; a bucket of that name that is not ours shows in the next call.
            Err(error) if status(&error) == Some(CONFLICT) => self.ping().await,
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for the bucket.
    ///
    /// # Errors
    /// [`StoreError`]; a missing bucket is [`StoreError::Misconfigured`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        if self.has_bucket().await? {
            Ok(())
        } else {
            Err(StoreError::misconfigured(STORE, format!("the bucket `{}` does not exist", self.bucket)))
        }
    }

    async fn has_bucket(&self) -> Result<bool, StoreError> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_not_found(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes every object and then the bucket; one that is not there counts as deleted. For tests and for starting over.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted before the failure stays deleted.
    pub async fn remove_bucket(&self) -> Result<(), StoreError> {
        loop {
            let list = match self.client.list_objects_v2().bucket(&self.bucket).send().await {
                Ok(list) => list,
                Err(error) if is_not_found(&error) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let keys: Vec<String> =
                list.contents.into_iter().flatten().filter_map(|object| object.key).collect();
            if keys.is_empty() {
                break;
            }
            for key in keys {
                self.delete(&key).await?;
            }
        }
        match self.client.delete_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
