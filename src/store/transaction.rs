use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use tokio::sync::watch as channel;

use super::{
    Handle, StoreError,
    macros::execute,
    postgres::{CHANNEL, Strict, TUPLES_CHANNEL},
};

/// An open transaction. Dropped without [`Tx::commit`], it is undone.
///
/// A statement that fails fails the whole transaction, on both engines alike: [`Tx::commit`] then
/// gives [`StoreError::Failed`]. (PostgreSQL alone would turn that commit into a silent rollback, and
/// SQLite would keep the other statements.) Use `ON CONFLICT` where a conflict is expected.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
    has_failed: bool,
    notifies: bool,
}

#[derive(Debug)]
enum Connection {
    Sqlite {
        tx: Transaction<'static, Sqlite>,
        local_changes: channel::Sender<u64>,
    },
    Postgres(Transaction<'static, Postgres>),
    Strict(Strict),
}

impl Tx {
    pub(super) fn sqlite(
        tx: Transaction<'static, Sqlite>,
        local_changes: channel::Sender<u64>,
    ) -> Self {
        Self::over(Connection::Sqlite { tx, local_changes })
    }

    pub(super) fn postgres(tx: Transaction<'static, Postgres>) -> Self {
        Self::over(Connection::Postgres(tx))
    }

    pub(super) fn strict(tx: Strict) -> Self {
        Self::over(Connection::Strict(tx))
    }

    fn over(connection: Connection) -> Self {
        Self {
            connection,
            has_failed: false,
            notifies: false,
        }
    }

    /// Tells every watcher of this database, in this and in other processes, once this has committed.
    pub async fn notify_change(&mut self) -> Result<(), StoreError> {
        if self.notifies {
            return Ok(());
        }
        self.notifies = true;
        match self.connection {
            // Other processes see SQLite's `data_version` move.
            Connection::Sqlite { .. } => Ok(()),
            Connection::Postgres(_) | Connection::Strict(_) => {
                execute!(self, "SELECT pg_notify($1, '')", CHANNEL).map(drop)
            }
        }
    }

    /// Tells those who follow the tuples, in other processes, once this has committed.
    pub async fn notify_tuples(&mut self) -> Result<(), StoreError> {
        match self.connection {
            Connection::Sqlite { .. } => Ok(()),
            Connection::Postgres(_) | Connection::Strict(_) => {
                execute!(self, "SELECT pg_notify($1, '')", TUPLES_CHANNEL).map(drop)
            }
        }
    }

    /// Makes it last. When this returns `Ok`, it survives a power cut.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.has_failed {
            self.rollback().await?;
            return Err(StoreError::Failed);
        }
        match self.connection {
            Connection::Sqlite { tx, local_changes } => {
                tx.commit().await?;
                if self.notifies {
                    local_changes.send_modify(|count| *count += 1);
                }
            }
            Connection::Postgres(tx) => tx.commit().await?,
            Connection::Strict(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it now rather than when it is dropped.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.connection {
            Connection::Sqlite { tx, .. } => tx.rollback().await?,
            Connection::Postgres(tx) => tx.rollback().await?,
            Connection::Strict(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Where a statement that reads runs.
    pub fn reader(&mut self) -> Handle<&mut SqliteConnection, &mut PgConnection> {
        match &mut self.connection {
            Connection::Sqlite { tx, .. } => Handle::Sqlite(&mut **tx),
            Connection::Postgres(tx) => Handle::Postgres(&mut **tx),
            Connection::Strict(tx) => Handle::Postgres(tx.connection()),
        }
    }

    /// Where a statement that writes runs: the same connection.
    pub fn writer(&mut self) -> Handle<&mut SqliteConnection, &mut PgConnection> {
        self.reader()
    }

    /// Gives a statement's outcome the error type of the store, and remembers that it failed.
    #[doc(hidden)]
    pub fn settle<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        outcome.map_err(|error| {
            if error.as_database_error().is_some() {
                self.has_failed = true;
            }
            StoreError::from(error)
        })
    }
}
