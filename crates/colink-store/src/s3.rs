//! Object storage with the S3 protocol: one bucket.
//!
//! Contract: [`ObjectStore::connect`] never waits for the server. A call takes at most 5 s with one retry in it, a copy and the
//! end of an upload in parts at most 30 s; of a stream that covers the head, and a stalled body ends with an error. With keys in
//! the configuration nothing else is asked for credentials; without them the SDK's chain (environment, profile, workload identity)
//! is, on first use.
//!
//! Large files do not pass through here: a client gets a presigned URL ([`ObjectStore::presign_put`],
//! [`ObjectStore::presign_get`]) on the address that browsers reach.

mod bucket;
mod client;
mod escape;
mod failure;
mod object;
mod presign;
mod upload;

use aws_sdk_s3::Client;
use secrecy::SecretString;
use serde::Deserialize;

use crate::StoreError;

pub use object::{ObjectHead, ObjectStream};
pub use presign::PresignedPut;
pub use upload::Upload;

pub(crate) const STORE: &str = "s3";

/// The `[s3]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// Where this service reaches the storage, e.g. `http://minio:9000`. Absent: Amazon's own address for the region.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Where browsers reach it, when that differs; only presigned URLs use it.
    #[serde(default)]
    pub public_endpoint: Option<String>,
    /// The region; part of every signature, so a storage that has no regions wants the default.
    #[serde(default = "S3Config::default_region")]
    pub region: String,
    /// The bucket; names have 3 characters or more.
    pub bucket: String,
    /// The key id; absent together with `secret_key`.
    #[serde(default)]
    pub access_key: Option<SecretString>,
    /// The key's secret.
    #[serde(default)]
    pub secret_key: Option<SecretString>,
    /// Whether the bucket stands in the path (`host/bucket/key`) instead of the host name. Most self-hosted storage wants it.
    #[serde(default = "S3Config::default_path_style")]
    pub path_style: bool,
}

impl S3Config {
    fn default_region() -> String {
        "us-east-1".to_owned()
    }

    fn default_path_style() -> bool {
        true
    }
}

/// One bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    client: Client,
    /// Signs for the public address; never sends anything.
    signer: Client,
    bucket: String,
    /// Amazon wants the region named when it makes a bucket elsewhere than in its first one.
    bucket_region: Option<String>,
}

impl ObjectStore {
    /// A handle on the configured bucket. Sends nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] names the key to change.
    pub async fn connect(config: &S3Config) -> Result<Self, StoreError> {
        client::check(config)?;
        let shared = client::settings(config).await;
        let private = config.endpoint.as_deref();
        let public = config.public_endpoint.as_deref().filter(|address| !address.is_empty()).or(private);
        let elsewhere = private.is_none() && config.region != S3Config::default_region();
        Ok(Self {
            client: client::at(shared.clone(), private),
            signer: client::at(shared, public),
            bucket: config.bucket.clone(),
            bucket_region: elsewhere.then(|| config.region.clone()),
        })
    }
}
