use std::{io, path::PathBuf, time::Duration};

use crate::crypto::CryptoError;

/// What can go wrong with the database. Messages never hold bound values or the connection's password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine or the driver gave an error.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
    /// A file or directory of the SQLite database could not be made.
    #[error("cannot use {}: {source}", path.display())]
    Path {
        /// What could not be used.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The connection URL could not be understood. The URL is left out: it may hold a password.
    #[error(
        "the PostgreSQL URL is not valid; it reads postgres://user:password@host:port/database"
    )]
    Url,
    /// No connection or no turn within the limit.
    #[error(
        "another apply has held this database for more than {} seconds; try again",
        waited.as_secs_f32()
    )]
    LockTimeout {
        /// How long it was waited for.
        waited: Duration,
    },
    /// A new row could not be given its name.
    #[error(transparent)]
    Identifier(#[from] CryptoError),
    /// A statement failed earlier in this transaction, so it cannot be committed.
    #[error("a statement of this transaction failed, so nothing of it was kept")]
    Failed,
    /// A newer assay has been here.
    #[error(
        "the database is at migration {database}, but this assay knows only {known}; run the newer assay, or restore a backup made before it"
    )]
    NewerDatabase {
        /// The newest migration in the database.
        database: i64,
        /// The newest migration in this binary.
        known: i64,
    },
    /// An older assay made it, and this command only reads.
    #[error(
        "the database is at migration {database}, and this assay needs {known}; `assay serve` and `assay apply` migrate it"
    )]
    OlderDatabase {
        /// The newest migration in the database.
        database: i64,
        /// The newest migration in this binary.
        known: i64,
    },
    /// A migration in the database is not the one this binary has under that number.
    #[error(
        "migration {number} ({name}) in the database is not the one this assay was built with (its checksum differs); run the assay that made this database, or restore a backup"
    )]
    ChangedMigration {
        /// Its number.
        number: i64,
        /// Its name in this binary.
        name: String,
    },
    /// A migration failed; the database is as the one before it left it.
    #[error("migration {number} ({name}) failed and was undone: {source}")]
    Migration {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl StoreError {
    /// Whether the same transaction may well succeed when it is run again from its beginning:
    /// a serialization failure or deadlock (40001, 40P01), or SQLite being busy.
    pub fn is_serialization_failure(&self) -> bool {
        match self.code() {
            Some(Code::Postgres(code)) => code == "40001" || code == "40P01",
            Some(Code::Sqlite(code)) => {
                // The low byte is the primary code: 5 SQLITE_BUSY, 6 SQLITE_LOCKED.
                matches!(code & 0xff, 5 | 6)
            }
            None => false,
        }
    }

    /// Whether a UNIQUE or PRIMARY KEY constraint was violated.
    pub fn is_unique_violation(&self) -> bool {
        self.database_error()
            .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether a row refers to one that does not exist (any more).
    pub fn is_foreign_key_violation(&self) -> bool {
        self.database_error()
            .is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
    }

    /// Whether `fetch_one!` found nothing.
    pub fn is_row_not_found(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::RowNotFound))
    }

    /// Whether the database could not be reached or had no connection free in time: worth a 503, not a 500.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::LockTimeout { .. }
                | Self::Database(
                    sqlx::Error::PoolTimedOut
                        | sqlx::Error::PoolClosed
                        | sqlx::Error::Io(_)
                        | sqlx::Error::Tls(_)
                        | sqlx::Error::WorkerCrashed
                )
        ) || self.is_serialization_failure()
    }

    /// Whether every connection was in use for too long.
    pub(super) fn is_pool_timeout(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::PoolTimedOut))
    }

    fn database_error(&self) -> Option<&(dyn sqlx::error::DatabaseError + 'static)> {
        match self {
            Self::Database(error) | Self::Migration { source: error, .. } => {
                error.as_database_error()
            }
            _ => None,
        }
    }

    fn code(&self) -> Option<Code> {
        let error = self.database_error()?;
        let code = error.code()?;
        if error
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            .is_some()
        {
            Some(Code::Postgres(code.into_owned()))
        } else {
            code.parse().ok().map(Code::Sqlite)
        }
    }
}

enum Code {
    Postgres(String),
    Sqlite(i32),
}
