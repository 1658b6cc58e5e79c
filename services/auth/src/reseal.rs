//! `rotate-keys`: seals with the first key of `[secrets]` what was sealed with another.
//!
//! In small transactions: stopped half-way, the next run goes on where this one ended, and the service works all the
//! while, because every configured key opens. Two runs at a time take different rows.

use colink_runtime::StartError;
use colink_secrets::Sealer;
use colink_store::postgres;
use sqlx::PgPool;

use crate::config::Config;
use crate::error::AuthError;
use crate::store::sealed::{self, SealedColumn};

/// Rows in one transaction.
const BATCH: i64 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resealed {
    /// Envelopes that were made anew.
    pub(crate) renewed: u64,
    /// Envelopes of older keys that are left: rows that somebody else held.
    pub(crate) left: i64,
}

/// The command.
pub(crate) async fn command(config: &Config) -> Result<String, StartError> {
    let sealer = Sealer::new(&config.secrets).map_err(StartError::setting_up("sealing"))?;
    let pool = postgres::connect(&config.postgres, "auth").await?;
    let done = run(&pool, &sealer).await.map_err(StartError::running("sealing anew"))?;
    pool.close().await;
    let Resealed { renewed, left } = done;
    Ok(match left {
        0 => format!(
            "{renewed} secrets were sealed anew with `{}`; older keys may be taken out",
            sealer.current()
        ),
        left => format!("{renewed} secrets were sealed anew, {left} were in use: run this again"),
    })
}

/// Seals anew whatever is not sealed with the first key.
///
/// # Errors
/// When a value does not open with any key, and failures of the store; what was done stays.
pub(crate) async fn run(pool: &PgPool, sealer: &Sealer) -> Result<Resealed, AuthError> {
    let (mut renewed, mut left) = (0, 0);
    for column in sealed::ALL {
        loop {
            let done = batch(pool, sealer, column).await?;
            renewed += done;
            if done == 0 {
                break;
            }
        }
        left += sealed::count_outdated(pool, column, &sealer.current_head()).await?;
    }
    Ok(Resealed { renewed, left })
}

async fn batch(pool: &PgPool, sealer: &Sealer, column: &SealedColumn) -> Result<u64, AuthError> {
    let mut transaction = pool.begin().await?;
    let rows = sealed::lock_outdated(&mut transaction, column, &sealer.current_head(), BATCH).await?;
    let mut done = 0;
    for (row, envelope) in rows {
        let context = column.context(&row);
        let plain = sealer.open(&context, &envelope)?;
        sealed::update(&mut transaction, column, &row, &sealer.seal(&context, &plain)?).await?;
        done += 1;
    }
    transaction.commit().await?;
    Ok(done)
}
