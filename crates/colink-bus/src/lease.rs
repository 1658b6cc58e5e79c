//! Who publishes which shards: one owner each, by Postgres advisory locks on a connection of its own.
//!
//! The locks live as long as the connection, so a dead replica's shards are free at once. Replicas share the shards evenly:
//! each keeps a shared lock to be counted by, and gives back what is above its share. A lease is not a fence: for a moment
//! two replicas may publish the same stretch. That is harmless, because each of them sends a channel from its last
//! acknowledged number on without a hole, so that no number first appears before its predecessor.
//!
//! The database address must reach Postgres itself or a pooler in session mode.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::BusError;
use crate::shard::{SHARDS, ShardSet};

/// Which kind of relay the locks are for: the first of the two lock keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseClass {
    /// First key of the advisory locks, unique per kind of relay in a database.
    pub key: i32,
    /// For metrics and logs.
    pub name: &'static str,
}

const STATEMENT_PATIENCE: Duration = Duration::from_secs(2);
const BALANCE_EVERY: Duration = Duration::from_secs(1);
/// Second key of the shared lock by which replicas are counted.
const MEMBER: i32 = 1000;

/// Holds the leases of one replica.
pub(crate) struct ShardLeases {
    pool: PgPool,
    class: LeaseClass,
    owned: watch::Sender<ShardSet>,
    gauge: colink_telemetry::metrics::IntGauge,
}

impl ShardLeases {
    pub(crate) fn new(
        pool: PgPool,
        class: LeaseClass,
        gauge: colink_telemetry::metrics::IntGauge,
    ) -> (Self, watch::Receiver<ShardSet>) {
        let (owned, watching) = watch::channel(ShardSet::EMPTY);
        (Self { pool, class, owned, gauge }, watching)
    }

    /// Acquires and balances until cancelled. Losing the connection is losing every shard, and starting over.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        while !cancel.is_cancelled() {
            if let Err(error) = self.hold(&cancel).await {
                tracing::warn!(relay = self.class.name, %error, "the shard leases were lost");
            }
            self.publish(ShardSet::EMPTY);
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
            }
        }
    }

    async fn hold(&self, cancel: &CancellationToken) -> Result<(), BusError> {
        let mut connection = within(async { Ok(self.pool.acquire().await?.detach()) }).await?;
        within(self.join(&mut connection)).await?;
        let mut owned = ShardSet::EMPTY;
        loop {
            owned = within(self.balance(&mut connection, owned)).await?;
            tokio::select! {
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(BALANCE_EVERY) => {}
            }
        }
        within(async { Ok(connection.close().await?) }).await
    }

    async fn join(&self, connection: &mut PgConnection) -> Result<(), BusError> {
        // A replica that vanished with its machine is noticed in half a minute, not in hours. Keepalives are not sent while
        // data is not acknowledged; the user timeout is for that.
        for setting in [
            "set tcp_keepalives_idle = 10",
            "set tcp_keepalives_interval = 5",
            "set tcp_keepalives_count = 3",
            "set tcp_user_timeout = 25000",
            "set statement_timeout = 0",
        ] {
            sqlx::query(setting).execute(&mut *connection).await?;
        }
        sqlx::query("select pg_advisory_lock_shared($1, $2)")
            .bind(self.class.key)
            .bind(MEMBER)
            .execute(connection)
            .await?;
        Ok(())
    }

    async fn balance(&self, connection: &mut PgConnection, owned: ShardSet) -> Result<ShardSet, BusError> {
        let members: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks
             where locktype = 'advisory' and granted and objsubid = 2
               and database = (select oid from pg_database where datname = current_database())
               and classid::bigint = $1 and objid::bigint = $2",
        )
        .bind(i64::from(self.class.key))
        .bind(i64::from(MEMBER))
        .fetch_one(&mut *connection)
        .await?;
        let share = fair_share(members);
        let mut owned = owned;
        for shard in surplus(owned, share) {
            owned = owned.without(shard);
            self.publish(owned);
            sqlx::query("select pg_advisory_unlock($1, $2)")
                .bind(self.class.key)
                .bind(i32::from(shard))
                .execute(&mut *connection)
                .await?;
        }
        for shard in ShardSet::ALL.to_vec() {
            if owned.contains(shard) || owned.len() >= share {
                continue;
            }
            let got: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
                .bind(self.class.key)
                .bind(i32::from(shard))
                .fetch_one(&mut *connection)
                .await?;
            owned = if got { owned.with(shard) } else { owned };
        }
        self.publish(owned);
        Ok(owned)
    }

    fn publish(&self, owned: ShardSet) {
        let changed = self.owned.send_if_modified(|current| {
            let changed = *current != owned;
            *current = owned;
            changed
        });
        if changed {
            self.gauge.set(i64::try_from(owned.len()).unwrap_or(0));
            tracing::info!(relay = self.class.name, shards = ?owned.to_vec(), "shard leases changed");
        }
    }
}

/// Shards per replica, rounded up, so that all shards are always taken.
fn fair_share(members: i64) -> usize {
    let members = usize::try_from(members).unwrap_or(1).max(1);
    (SHARDS as usize).div_ceil(members)
}

/// The shards above the share, highest first.
fn surplus(owned: ShardSet, share: usize) -> Vec<i16> {
    let mut shards = owned.to_vec();
    let excess = shards.len().saturating_sub(share);
    shards.reverse();
    shards.truncate(excess);
    shards
}

async fn within<T>(work: impl Future<Output = Result<T, BusError>>) -> Result<T, BusError> {
    tokio::time::timeout(STATEMENT_PATIENCE, work)
        .await
        .unwrap_or(Err(BusError::Deadline(STATEMENT_PATIENCE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_all_replicas_cover_every_shard() {
        for members in 1..=20_i64 {
            let share = fair_share(members);
            assert!(share * usize::try_from(members).unwrap() >= SHARDS as usize);
            assert!(share >= 1);
        }
        assert_eq!([fair_share(0), fair_share(1), fair_share(2), fair_share(3)], [16, 16, 8, 6]);
    }

    #[test]
    fn only_what_is_above_the_share_is_given_back() {
        assert_eq!(surplus(ShardSet::ALL, 14), [15, 14]);
        assert_eq!(surplus(ShardSet::EMPTY.with(3), 8), Vec::<i16>::new());
    }
}
