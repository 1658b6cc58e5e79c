//! `rotate-signing-key`: what `POST /auth/signing-keys/rotate` does, for whoever has the machine and no administrator's
//! session: at once after a leak, or from a timer.
//!
//! The running replicas take the new key over with their next reading (`keys.reload_s`) and publish its event.

use colink_core::clock::SystemClock;
use colink_core::time::Timestamp;
use colink_events::Cause;
use colink_runtime::StartError;
use colink_secrets::Sealer;
use colink_store::postgres;
use sqlx::PgPool;

use crate::config::Config;
use crate::error::AuthError;
use crate::jobs::rotate_keys::{KeyMaker, Occasion};

/// The name of the command.
pub(crate) const NAME: &str = "rotate-signing-key";

/// The command.
pub(crate) async fn command(config: &Config) -> Result<String, StartError> {
    let sealer = Sealer::new(&config.secrets).map_err(StartError::setting_up("sealing"))?;
    let pool = postgres::connect(&config.postgres, "auth").await?;
    let made = run(&pool, &KeyMaker { clock: &SystemClock, sealer: &sealer, keys: config.keys }).await;
    pool.close().await;
    made.map_err(StartError::running("rotating the signing key"))
}

async fn run(pool: &PgPool, maker: &KeyMaker<'_>) -> Result<String, AuthError> {
    let mut transaction = pool.begin().await?;
    let made = maker.make(&mut transaction, &Cause::default(), Occasion::Order).await?;
    transaction.commit().await?;
    Ok(match made {
        Some(key) => format!("the key {} signs from {} on", key.kid, Timestamp::from(key.activates_at)),
        None => "no key was made".to_owned(),
    })
}
