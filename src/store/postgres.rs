//! What only PostgreSQL does: schemas through `search_path`, advisory locks, NOTIFY.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgConnection, PgPool, Transaction,
    pool::{PoolConnection, PoolOptions},
    postgres::{PgConnectOptions, Postgres},
};

use super::StoreError;
use crate::crypto::Secret;

/// The channel on which a commit that calls for attention is announced.
pub(super) const CHANNEL: &str = "assay_change";
/// The channel on which a change of tuples is announced: there are many more of them.
pub(super) const TUPLES_CHANNEL: &str = "assay_tuples";
/// Advisory locks are numbers that all users of a database share; these spell "assay" and what for.
const APPLIERS: i64 = 0x6173_7361_7901;
const MIGRATIONS: i64 = 0x6173_7361_7902;
/// How long a statement waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn open(url: &Secret<String>, max_connections: u32) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url.expose())
        .map_err(|_| StoreError::Url)?
        .application_name("assay")
        .options([
            ("search_path", "auth,engine"),
            // What was answered with success survives a power cut, whatever the server's default is.
            ("synchronous_commit", "on"),
            // A process that vanished while it waited for a lock is noticed within this time.
            ("client_connection_check_interval", "5s"),
        ])
        .disable_statement_logging();
    Ok(PoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await?)
}

pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool
        .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        .await?)
}

pub(super) async fn begin_read(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?)
}

/// Makes processes that migrate one database take turns, until the transaction's end.
pub(super) async fn lock_migrations(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATIONS)
        .execute(connection)
        .await
        .map(drop)
}

/// An applier's transaction and the lock around it.
///
/// The lock belongs to the session, so it ends at the latest with the connection; and the connection is
/// closed unless the lock was given back, so it can never stick to a connection in the pool.
#[derive(Debug)]
pub(super) struct Strict {
    connection: Option<PoolConnection<Postgres>>,
}

pub(super) async fn begin_strict(pool: &PgPool, wait: Duration) -> Result<Strict, StoreError> {
    let attempt = async {
        let mut strict = Strict {
            connection: Some(pool.acquire().await?),
        };
        // Lock before BEGIN: the snapshot is fixed at the first statement, and must be newer than
        // the commit of the applier before.
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(APPLIERS)
            .execute(strict.connection())
            .await?;
        sqlx::query("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")
            .execute(strict.connection())
            .await?;
        Ok(strict)
    };
    // Dropping the attempt closes its connection, which ends its place in the queue.
    tokio::time::timeout(wait, attempt)
        .await
        .unwrap_or(Err(StoreError::LockTimeout { waited: wait }))
}

impl Strict {
    /// The connection, which is there until the end.
    #[allow(clippy::expect_used)] // Only `release`, which consumes `self`, takes it out.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("not released yet")
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(self.connection()).await?;
        self.release().await;
        Ok(())
    }

    pub(super) async fn rollback(mut self) -> Result<(), StoreError> {
        sqlx::query("ROLLBACK").execute(self.connection()).await?;
        self.release().await;
        Ok(())
    }

    /// Gives the lock back, after the end of the transaction. If that fails the connection is closed,
    /// which gives it back as well; so it is no error of the transaction.
    async fn release(mut self) {
        let unlocked = sqlx::query_scalar::<_, bool>("SELECT pg_advisory_unlock($1)")
            .bind(APPLIERS)
            .fetch_one(self.connection())
            .await;
        if matches!(unlocked, Ok(true)) {
            // Back to the pool.
            drop(self.connection.take());
        }
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Closes the socket; the server rolls back and frees the lock.
            drop(connection.detach());
        }
    }
}
