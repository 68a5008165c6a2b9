//! What only SQLite does: one file in WAL mode, one writer and several readers, `data_version`.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool, Transaction,
    pool::PoolOptions,
    sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{StoreError, readers::Readers};

/// The database file in the data directory.
pub(super) const FILE: &str = "assay.db";
/// How long a statement waits for another process's writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transaction waits for this process's writer.
const WRITER_TIMEOUT: Duration = Duration::from_secs(10);
/// Reads of one row that run at once, and as many of others. Each costs a thread and about 2 MB of page cache.
const READERS: u32 = 4;
/// How long to wait for the switch to WAL, which SQLite's own busy handler does not wait for.
const WAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections to one file.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: Readers,
    options: Arc<SqliteConnectOptions>,
}

/// Whether there is a database in this directory.
pub(super) fn exists(data_dir: &Path) -> Result<bool, StoreError> {
    let path = data_dir.join(FILE);
    fs::exists(&path).map_err(|source| StoreError::Path { path, source })
}

pub(super) async fn open(data_dir: &Path) -> Result<Pools, StoreError> {
    let file = data_dir.join(FILE);
    create(data_dir, &file)?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    switch_to_wal(&options).await?;
    let writer = pool(1)
        .connect_with(options.clone())
        .await
        .map_err(StoreError::from)?;
    let reading = options.clone().pragma("query_only", "on");
    let readers = pool(READERS).connect_lazy_with(reading.clone());
    let readers = Readers::new(readers, reading, READERS, WRITER_TIMEOUT);
    Ok(Pools {
        writer,
        readers,
        options: Arc::new(options),
    })
}

/// A pool whose connections stay: opening one again would only cost time.
fn pool(max_connections: u32) -> PoolOptions<Sqlite> {
    PoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(WRITER_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Makes directory and file readable by their owner only; SQLite gives its log the file's mode.
fn create(data_dir: &Path, file: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Path { path, source }
    };
    if !fs::exists(data_dir).map_err(failed(data_dir))? {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(failed(data_dir))?;
    }
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
    {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(file)(error)),
        _ => Ok(()),
    }
}

/// Two processes that open a new file at once both switch it to WAL, and one of them is told `busy`
/// at once, whatever its busy timeout.
async fn switch_to_wal(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let deadline = Instant::now() + WAL_TIMEOUT;
    let options = options.clone().journal_mode(SqliteJournalMode::Wal);
    loop {
        match options.connect().await.map_err(StoreError::from) {
            Ok(connection) => return Ok(sqlx::Connection::close(connection).await?),
            Err(error) if error.is_serialization_failure() && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

pub(super) async fn begin(pools: &Pools) -> Result<Transaction<'static, Sqlite>, StoreError> {
    Ok(pools.writer.begin_with("BEGIN IMMEDIATE").await?)
}

pub(super) async fn begin_read(pools: &Pools) -> Result<Transaction<'static, Sqlite>, StoreError> {
    Ok(pools.readers.begin().await?)
}

/// As [`begin`], waiting for the writer as long as the caller says.
pub(super) async fn begin_within(
    pools: &Pools,
    wait: Duration,
) -> Result<Transaction<'static, Sqlite>, StoreError> {
    let attempts = async {
        loop {
            match begin(pools).await {
                Err(error) if error.is_serialization_failure() || error.is_pool_timeout() => {}
                outcome => return outcome,
            }
        }
    };
    tokio::time::timeout(wait, attempts)
        .await
        .unwrap_or(Err(StoreError::LockTimeout { waited: wait }))
}

/// A connection of its own, for following `data_version`.
pub(super) async fn connect(pools: &Pools) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::clone(&pools.options)
        .pragma("query_only", "on")
        .connect()
        .await
}

/// A number that moves whenever another connection, of this or any process, has committed.
pub(super) async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
