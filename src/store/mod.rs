//! The database: open, migrate, transactions, and the macros that run one SQL text on either engine.
//!
//! Nothing here knows what a client or a user is. SQL lives beside the function that needs it, written
//! once: table names are unique and unqualified (PostgreSQL finds them through `search_path`),
//! placeholders are `$1`, types are TEXT, BIGINT, BOOLEAN and bytes. What only one engine can do lives
//! in `sqlite.rs` and `postgres.rs`.

pub mod bulk;
mod error;
pub(crate) mod macros;
mod migrate;
mod postgres;
mod query;
mod readers;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod transaction;
mod watch;

use std::{path::PathBuf, time::Duration};

use sqlx::{PgPool, SqlitePool};
use tokio::sync::watch as channel;

#[allow(unused_imports)] // Each module takes the ones it needs.
pub(crate) use self::macros::{execute, fetch_all, fetch_one, fetch_optional};
pub use self::{
    error::StoreError,
    migrate::{Migrated, Schema, latest_migration},
    query::{Bound, Query},
    transaction::Tx,
    watch::ChangeWatch,
};

use crate::crypto::Secret;

/// Which database to open, and where it is.
#[derive(Clone, Debug)]
pub enum Backend {
    /// One file, `assay.db`, in this directory, which is created with mode 0700 if it is missing.
    Sqlite {
        /// The directory; the master key may lie in it too.
        data_dir: PathBuf,
    },
    /// A PostgreSQL server, version 15 or newer.
    Postgres {
        /// `postgres://user:password@host:port/database?...`; secret because of the password.
        url: Secret<String>,
        /// The most connections this process opens for requests. Following changes takes one more.
        max_connections: u32,
    },
}

/// An open database. Cloning it is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    /// Commits of this process that call for attention, so that a watcher beside them need not poll.
    local_changes: channel::Sender<u64>,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(sqlite::Pools),
    Postgres(PgPool),
}

/// What a statement runs on, one case an engine. The macros match on it.
#[derive(Debug)]
pub enum Handle<S, P> {
    /// SQLite.
    Sqlite(S),
    /// PostgreSQL.
    Postgres(P),
}

impl Store {
    /// Opens the database and makes the SQLite file if there is none. The schema is [`Store::migrate`]'s.
    pub async fn open(backend: &Backend) -> Result<Self, StoreError> {
        let engine = match backend {
            Backend::Sqlite { data_dir } => Engine::Sqlite(sqlite::open(data_dir).await?),
            Backend::Postgres {
                url,
                max_connections,
            } => Engine::Postgres(postgres::open(url, *max_connections).await?),
        };
        Ok(Self {
            engine,
            local_changes: channel::Sender::new(0),
        })
    }

    /// Opens the database if it is there; makes nothing.
    pub async fn open_existing(backend: &Backend) -> Result<Option<Self>, StoreError> {
        if let Backend::Sqlite { data_dir } = backend
            && !sqlite::exists(data_dir)?
        {
            return Ok(None);
        }
        Self::open(backend).await.map(Some)
    }

    /// How far the schema is. It stays as it is; one that is not this binary's is an error.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        migrate::schema(self, migrate::embedded(self)).await
    }

    /// Brings the schema up to this binary's. Safe to run from several processes at once.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        migrate::run(self, migrate::embedded(self)).await
    }

    /// Begins a transaction for reading and writing: read committed on PostgreSQL; on SQLite it holds
    /// the one writer from the start.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => sqlite::begin(pools).await.map(|tx| self.sqlite(tx)),
            Engine::Postgres(pool) => postgres::begin(pool).await.map(Tx::postgres),
        }
    }

    /// Begins the transaction of an applier: serialisable, and alone among all appliers on this
    /// database until it has committed or gone. Waits at most `wait` for its turn, and then gives
    /// [`StoreError::LockTimeout`].
    ///
    /// On PostgreSQL a serialisable transaction may still fail because of other writers; see
    /// [`StoreError::is_serialization_failure`].
    pub async fn begin_strict(&self, wait: Duration) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => sqlite::begin_within(pools, wait)
                .await
                .map(|tx| self.sqlite(tx)),
            Engine::Postgres(pool) => postgres::begin_strict(pool, wait).await.map(Tx::strict),
        }
    }

    /// Begins a transaction that only reads, and whose statements all see the same snapshot. It waits
    /// for no writer and holds none up.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => sqlite::begin_read(pools).await.map(|tx| self.sqlite(tx)),
            Engine::Postgres(pool) => postgres::begin_read(pool).await.map(Tx::postgres),
        }
    }

    /// Follows what is committed to this database, by this process or any other.
    pub async fn watch(&self) -> Result<ChangeWatch, StoreError> {
        watch::start(self, postgres::CHANNEL, self.local_changes.subscribe()).await
    }

    /// Follows what [`Tx::notify_tuples`] announces. Not what this process commits itself to SQLite
    /// at once: whoever writes knows of that.
    pub async fn watch_tuples(&self) -> Result<ChangeWatch, StoreError> {
        let (_, nothing) = channel::channel(0);
        watch::start(self, postgres::TUPLES_CHANNEL, nothing).await
    }

    /// The name of the engine, for messages and metrics: `sqlite` or `postgres`.
    pub fn engine_name(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Waits for the statements under way and closes every connection. On SQLite it also folds the
    /// write-ahead log into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(pools) => {
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    fn sqlite(&self, tx: sqlx::Transaction<'static, sqlx::Sqlite>) -> Tx {
        Tx::sqlite(tx, self.local_changes.clone())
    }

    /// Where one statement that reads runs.
    pub(crate) fn reader(&self) -> Handle<&readers::Readers, &PgPool> {
        match &self.engine {
            Engine::Sqlite(pools) => Handle::Sqlite(&pools.readers),
            Engine::Postgres(pool) => Handle::Postgres(pool),
        }
    }

    /// Where one statement that writes runs.
    pub fn writer(&self) -> Handle<&SqlitePool, &PgPool> {
        match &self.engine {
            Engine::Sqlite(pools) => Handle::Sqlite(&pools.writer),
            Engine::Postgres(pool) => Handle::Postgres(pool),
        }
    }

    /// Gives a statement's outcome the error type of the store.
    #[doc(hidden)]
    pub fn settle<T>(&self, outcome: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        outcome.map_err(StoreError::from)
    }
}
