//! Migrations are applied by a job; a service only checks that the schema is the one it was built for (I-5).

use std::collections::BTreeMap;

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnection, PgPool};

use super::failure::{code, is_unavailable};
use crate::StoreError;

const UNDEFINED_TABLE: &str = "42P01";

/// Why the schema is not the one that this build knows.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Migrations of this build are not applied yet.
    #[error("migrations {0:?} are not applied: run the `migrate` subcommand first")]
    Missing(Vec<i64>),
    /// The database was migrated by a later build.
    #[error(
        "the database has migrations {0:?}, which this build does not know: run the build that made them"
    )]
    Unknown(Vec<i64>),
    /// An applied migration has another text in this build.
    #[error(
        "migrations {0:?} were changed after they had been applied: restore their text and add a new one"
    )]
    Changed(Vec<i64>),
    /// A migration failed.
    #[error("a migration failed")]
    Failed(#[source] MigrateError),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies the migrations that are missing, in order, one job at a time (an advisory lock), without the statement timeout.
///
/// # Errors
/// [`SchemaError`]; what was applied before the failure stays.
pub async fn migrate(pool: &PgPool, migrator: &'static Migrator) -> Result<(), SchemaError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?.detach();
    let outcome = apply(&mut connection, migrator).await;
    // Closing also releases the lock, which a failed migration leaves behind.
    if let Err(error) = connection.close().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the connection of the migration did not close"
        );
    }
    outcome
}

async fn apply(connection: &mut PgConnection, migrator: &'static Migrator) -> Result<(), SchemaError> {
    sqlx::query("SET statement_timeout = 0").execute(&mut *connection).await.map_err(StoreError::from)?;
    migrator.run(connection).await.map_err(SchemaError::from)
}

/// Checks that exactly the migrations of `migrator` are applied, with the same text.
///
/// # Errors
/// [`SchemaError`] names the migrations that differ and what to do; it is [`SchemaError::Store`] while the server is down.
pub async fn check_schema(pool: &PgPool, migrator: &'static Migrator) -> Result<(), SchemaError> {
    let applied = applied(pool).await?;
    let mut missing = Vec::new();
    let mut changed = Vec::new();
    for migration in migrator.iter().filter(|migration| migration.migration_type.is_up_migration()) {
        match applied.get(&migration.version) {
            None => missing.push(migration.version),
            Some(checksum) if migration.checksum != *checksum => changed.push(migration.version),
            Some(_) => {}
        }
    }
    let unknown: Vec<i64> =
        applied.into_keys().filter(|version| !migrator.version_exists(*version)).collect();
    if !unknown.is_empty() {
        Err(SchemaError::Unknown(unknown))
    } else if !changed.is_empty() {
        Err(SchemaError::Changed(changed))
    } else if !missing.is_empty() {
        Err(SchemaError::Missing(missing))
    } else {
        Ok(())
    }
}

/// Version and checksum of each applied migration; none when the table does not exist yet.
async fn applied(pool: &PgPool) -> Result<BTreeMap<i64, Vec<u8>>, StoreError> {
    let query = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success");
    match query.fetch_all(pool).await {
        Ok(rows) => Ok(rows.into_iter().collect()),
        Err(error) if code(&error).as_deref() == Some(UNDEFINED_TABLE) => Ok(BTreeMap::new()),
        Err(error) => Err(error.into()),
    }
}

impl From<MigrateError> for SchemaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Unknown(vec![version]),
            MigrateError::VersionMismatch(version) => Self::Changed(vec![version]),
            MigrateError::Execute(error) if is_unavailable(&error) => Self::Store(error.into()),
            MigrateError::ExecuteMigration(error, _) if is_unavailable(&error) => Self::Store(error.into()),
            other => Self::Failed(other),
        }
    }
}
