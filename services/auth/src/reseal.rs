//! `rotate-keys`: has the running service seal with the first key of `secrets.keys` what was sealed with another, and tells how
//! that goes.
//!
//! The work is a job ([`crate::jobs::reencrypt_secrets`]): this command queues it and looks on. Ended early it stops nothing,
//! and called again it finds the same job.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::JobId;
use colink_jobs::{JobState, JobStatus, JobsError};
use colink_runtime::StartError;
use colink_secrets::{SealError, Sealer};
use colink_store::postgres;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::jobs::reencrypt_secrets;
use crate::store::sealed;

/// The name of the command.
pub(crate) const NAME: &str = "rotate-keys";

/// How often it looks.
const LOOK: Duration = Duration::from_millis(500);
/// A job that waits so long for its first run is not wanted by anybody who runs.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why the secrets are not all sealed with the first key.
#[derive(Debug, thiserror::Error)]
enum ResealError {
    /// A key that opens something is not configured.
    #[error(transparent)]
    Keys(#[from] SealError),
    /// The job is given up.
    #[error(
        "the job was given up: {0}. What was sealed anew before stays so; run this again when that is mended"
    )]
    GivenUp(String),
    /// Nobody runs the job.
    #[error(
        "no running service took the job in {patience} s. It stays queued, and a service whose first key is `{0}` does it: \
         start or restart auth with these secrets.keys, then run this again to see how it went",
        patience = PATIENCE.as_secs()
    )]
    Idle(String),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Jobs(#[from] JobsError),
    #[error("the output: {0}")]
    Output(#[from] io::Error),
}

/// The command.
pub(crate) async fn command(config: &Config) -> Result<String, StartError> {
    let sealer = Sealer::new(&config.secrets).map_err(StartError::setting_up("sealing"))?;
    let pool = postgres::connect(&config.postgres, "auth").await?;
    let done = run(&pool, &sealer).await;
    pool.close().await;
    done.map_err(StartError::running("sealing anew"))
}

async fn run(pool: &PgPool, sealer: &Sealer) -> Result<String, ResealError> {
    let keys = sealed::count_by_key(pool).await?;
    if let Some(missing) = keys.keys().find(|key| !sealer.ids().any(|id| id == *key)) {
        return Err(SealError::UnknownKey(missing.clone()).into());
    }
    let outdated = sealed::count_outdated(pool, sealer.current()).await?;
    if outdated == 0 {
        return Ok(told(sealer, 0, &keys));
    }
    let mut transaction = pool.begin().await?;
    let job = reencrypt_secrets::queue(&mut transaction, sealer.current(), &SystemClock).await?;
    transaction.commit().await?;
    look_on(pool, sealer, job).await?;
    let left = sealed::count_outdated(pool, sealer.current()).await?;
    Ok(told(sealer, outdated - left, &sealed::count_by_key(pool).await?))
}

/// Until the job is done.
async fn look_on(pool: &PgPool, sealer: &Sealer, job: JobId) -> Result<(), ResealError> {
    let (mut told, mut changed_at) = (String::new(), Instant::now());
    loop {
        // One that was purged meanwhile was done long ago.
        let Some(status) = colink_jobs::status(pool, job).await? else { return Ok(()) };
        match status.state {
            JobState::Done => return Ok(()),
            JobState::Dead => return Err(ResealError::GivenUp(status.error.unwrap_or_default())),
            JobState::Waiting | JobState::Running => {}
        }
        let now = progress(&status, sealed::count_outdated(pool, sealer.current()).await?);
        if now != told {
            writeln!(io::stderr().lock(), "{now}")?;
            (told, changed_at) = (now, Instant::now());
        }
        let is_untouched = status.state == JobState::Waiting && status.attempts == 0;
        if is_untouched && changed_at.elapsed() > PATIENCE {
            return Err(ResealError::Idle(sealer.current().to_owned()));
        }
        sleep(LOOK).await;
    }
}

/// A line about how it goes.
fn progress(status: &JobStatus, left: i64) -> String {
    match &status.error {
        Some(error) => {
            format!(
                "{left} secrets are left; attempt {} failed, the next one follows: {error}",
                status.attempts
            )
        }
        None => format!("{left} secrets are left"),
    }
}

/// What was done, which keys are in use, and what that means for the configuration.
fn told(sealer: &Sealer, renewed: i64, keys: &BTreeMap<String, i64>) -> String {
    let current = sealer.current();
    let mut text = format!("{renewed} secrets were sealed anew with `{current}`\n");
    for (key, secrets) in keys {
        text.push_str(&format!("in use: `{key}`, by {secrets} secrets\n"));
    }
    if keys.keys().any(|key| key != current) {
        text.push_str("some were sealed with an older key meanwhile: ");
        text.push_str("restart every replica with these secrets.keys and run this again");
        return text;
    }
    let idle: Vec<String> = sealer.ids().filter(|id| *id != current).map(|id| format!("`{id}`")).collect();
    if idle.is_empty() {
        text.push_str("no other key is configured");
    } else {
        text.push_str(&format!("take {} out of secrets.keys and restart every replica", idle.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use colink_secrets::SecretsConfig;

    use super::*;

    fn sealer(ids: &[&str]) -> Sealer {
        let entries: Vec<_> = ids.iter().map(|id| format!("{id}:{}", "ab".repeat(32))).collect();
        Sealer::new(&SecretsConfig::new(entries.join(","))).unwrap()
    }

    fn keys(used: &[(&str, i64)]) -> BTreeMap<String, i64> {
        used.iter().map(|(key, secrets)| ((*key).to_owned(), *secrets)).collect()
    }

    /// nobody is told to take a key out that something is sealed with.
    #[test]
    fn a_key_in_use_stays() {
        let through = told(&sealer(&["new", "old", "older"]), 3, &keys(&[("new", 5)]));
        assert!(through.ends_with("take `old`, `older` out of secrets.keys and restart every replica"));
        let rest = told(&sealer(&["new", "old"]), 3, &keys(&[("new", 5), ("old", 1)]));
        assert!(rest.contains("in use: `old`, by 1 secrets") && !rest.contains("take"), "{rest}");
        assert!(told(&sealer(&["new"]), 0, &keys(&[("new", 5)])).ends_with("no other key is configured"));
        assert!(told(&sealer(&["new"]), 0, &keys(&[])).starts_with("0 secrets were sealed anew with `new`"));
    }
}
