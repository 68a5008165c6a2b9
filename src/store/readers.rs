use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{
    ConnectOptions, Connection, Either, Error, Execute, Executor, SqlStr, Sqlite, SqliteConnection,
    SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo},
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Where reads of SQLite run. Those of one row, which nearly every request needs, have connections of
/// their own: a connection of sqlx's pool goes to its thread and back once more each time it is
/// returned, to see whether it lives, which costs as much as the read.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    pool: SqlitePool,
    rows: Arc<RowReaders>,
}

#[derive(Debug)]
struct RowReaders {
    options: SqliteConnectOptions,
    at_once: u32,
    wait: Duration,
    permits: Semaphore,
    /// The last one that was returned is the next to go: its pages are in the processor's cache.
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    /// So many at once of each kind. A read waits at most `wait` for its turn.
    pub(super) fn new(
        pool: SqlitePool,
        options: SqliteConnectOptions,
        at_once: u32,
        wait: Duration,
    ) -> Self {
        let rows = RowReaders {
            options,
            at_once,
            wait,
            permits: Semaphore::new(at_once as usize),
            idle: Mutex::default(),
        };
        Self {
            pool,
            rows: Arc::new(rows),
        }
    }

    /// A transaction whose statements all see the same snapshot.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.pool.begin_with("BEGIN DEFERRED").await
    }

    /// Waits for the reads under way and closes every connection.
    pub(super) async fn close(&self) {
        let rows = &self.rows;
        let all = rows.permits.acquire_many(rows.at_once).await;
        rows.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *rows.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            // It is gone either way.
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }
}

impl RowReaders {
    async fn lend(&self) -> Result<Lent<'_>, Error> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.wait, self.permits.acquire())
                .await
                .map_err(|_| Error::PoolTimedOut)?
                .map_err(|_| Error::PoolClosed)?,
        };
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Lent {
            connection: Some(connection),
            rows: self,
            _permit: permit,
        })
    }
}

/// A connection that goes back when it is dropped, also when its reader has gone away in between: what
/// is left of an answer is thrown away by the connection's thread before it takes the next question.
struct Lent<'a> {
    connection: Option<SqliteConnection>,
    rows: &'a RowReaders,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let idle = self.rows.idle.lock();
            idle.unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

impl<'c> Executor<'c> for &'_ Readers {
    type Database = Sqlite;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Self::Database>,
    {
        self.pool.fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Self::Database>,
    {
        let rows = Arc::clone(&self.rows);
        Box::pin(async move {
            let mut lent = rows.lend().await?;
            let Some(connection) = &mut lent.connection else {
                return Err(Error::PoolClosed);
            };
            let outcome = connection.fetch_optional(query).await;
            // A statement can be wrong and the connection good; without its thread it never is again.
            if matches!(outcome, Err(Error::WorkerCrashed)) {
                lent.connection = None;
            }
            outcome
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}
