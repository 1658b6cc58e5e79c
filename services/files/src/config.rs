//! The configuration: `config.toml` documents every key.

use colink_auth::AuthConfig;
use colink_bus::KafkaConfig;
use colink_http::HttpConfig;
use colink_runtime::{InternalConfig, Problem, Sections};
use colink_store::mongo::MongoConfig;
use colink_store::redis::RedisConfig;
use colink_store::s3::S3Config;
use colink_telemetry::TelemetryConfig;
use serde::Deserialize;

use crate::domain::allowed::AllowedTypes;

/// The most that one PUT to an S3 storage can carry.
const PUT_MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// The longest that a presigned URL can hold.
const URL_MAX_S: u64 = 7 * 24 * 60 * 60;

/// Everything the service reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: HttpConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// The other services.
    pub internal: InternalConfig,
    /// Revoked sessions.
    pub redis: RedisConfig,
    /// Metadata.
    pub mongo: MongoConfig,
    /// Bytes.
    pub s3: S3Config,
    /// Where events go to.
    pub kafka: KafkaConfig,
    /// What may be uploaded, and how long things hold.
    pub files: FilesConfig,
}

/// `[files]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Largest file in bytes.
    pub max_size_bytes: u64,
    /// Media types, and families such as `image/*`.
    pub allowed_types: Vec<String>,
    /// How long an upload URL holds, in seconds.
    pub upload_url_s: u64,
    /// How long a download URL holds, in seconds.
    pub download_url_s: u64,
    /// From then on an unconfirmed upload is removed, in seconds.
    pub orphan_after_s: u64,
    /// Time between two sweeps, in milliseconds.
    pub sweep_every_ms: u64,
    /// Time between two looks for unpublished events, in milliseconds.
    pub relay_poll_ms: u64,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }

    fn problems(&self) -> Vec<Problem> {
        let files = &self.files;
        let within = |key, value: u64, most: u64| {
            (value == 0 || value > most).then(|| Problem::new(key, format!("must be between 1 and {most}")))
        };
        let types = AllowedTypes::parse(&files.allowed_types).err();
        let orphans = files.orphan_after_s < files.upload_url_s;
        [
            within("files.max_size_bytes", files.max_size_bytes, PUT_MAX_BYTES),
            within("files.upload_url_s", files.upload_url_s, URL_MAX_S),
            within("files.download_url_s", files.download_url_s, URL_MAX_S),
            within("files.sweep_every_ms", files.sweep_every_ms, u64::from(u32::MAX)),
            within("files.relay_poll_ms", files.relay_poll_ms, u64::from(u32::MAX)),
            types.map(|reason| Problem::new("files.allowed_types", reason.0)),
            orphans.then(|| {
                Problem::new("files.orphan_after_s", "needs at least as much as files.upload_url_s")
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
