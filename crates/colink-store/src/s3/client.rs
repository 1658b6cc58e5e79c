//! From configuration to SDK clients.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use secrecy::ExposeSecret;

use super::{S3Config, STORE};
use crate::StoreError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// For calls that the storage answers when it has gone through all bytes, so that their time depends on the size.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first try and one more.
const ATTEMPTS: u32 = 2;

pub(super) fn check(config: &S3Config) -> Result<(), StoreError> {
    let wrong = |reason: &str| Err(StoreError::misconfigured(STORE, reason));
    let addresses = [("s3.endpoint", &config.endpoint), ("s3.public_endpoint", &config.public_endpoint)];
    for (key, address) in addresses {
        let plain = address.as_deref().is_none_or(|address| {
            address.is_empty() || address.starts_with("http://") || address.starts_with("https://")
        });
        if !plain {
            return wrong(&format!("{key} must begin with http:// or https://"));
        }
    }
    if config.bucket.len() < 3 {
        return wrong("s3.bucket must be a name of at least 3 characters");
    }
    if config.region.is_empty() {
        return wrong("s3.region must not be empty");
    }
    if config.access_key.is_some() != config.secret_key.is_some() {
        return wrong("s3.access_key and s3.secret_key must be given together");
    }
    Ok(())
}

/// Everything but the address.
pub(super) async fn settings(config: &S3Config) -> Builder {
    let region = Region::new(config.region.clone());
    let builder = match (&config.access_key, &config.secret_key) {
        (Some(key), Some(secret)) => {
            let (key, secret) = (key.expose_secret(), secret.expose_secret());
            Builder::new()
                .behavior_version(BehaviorVersion::latest())
                .region(region)
                .credentials_provider(Credentials::new(key, secret, None, None, "configuration"))
        }
        // Loading asks nobody for the region, which is given, and for credentials only when a call needs them.
        _ => Builder::from(&aws_config::defaults(BehaviorVersion::latest()).region(region).load().await),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    builder
        .force_path_style(config.path_style)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        // The SDK would add a checksum to presigned uploads, which a plain HTTP client does not send.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}

/// What a call of one try with more time than others is customised with.
pub(super) fn patient() -> Builder {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).operation_timeout(PATIENCE).build();
    Builder::new().timeout_config(timeouts)
}

pub(super) fn at(settings: Builder, endpoint: Option<&str>) -> Client {
    let settings = match endpoint.filter(|address| !address.is_empty()) {
        Some(endpoint) => settings.endpoint_url(endpoint.trim_end_matches('/')),
        None => settings,
    };
    Client::from_conf(settings.build())
}
