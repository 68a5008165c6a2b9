use aws_lc_rs::digest::{SHA256, digest};

use super::{
    Engine, Handle, Store, StoreError, Tx,
    macros::{execute, fetch_all},
    postgres,
};
use crate::clock::UnixMillis;

/// One step of the schema. Never changed once released; a correction is a new one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// What [`Store::migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied now.
    pub applied: usize,
    /// The number of the newest migration in the database.
    pub number: i64,
    /// Whether there was no schema at all before.
    pub was_empty: bool,
}

macro_rules! embed {
    ($($number:literal $name:literal,)*) => {
        const SQLITE: &[Migration] = &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
        },)*];
        const POSTGRES: &[Migration] = &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        },)*];
    };
}

// Add a line, and a file under `migrations/` for each engine.
embed! {
    1 "0001_documents",
    2 "0002_people",
    3 "0003_openid",
    4 "0004_openid_flows",
    5 "0005_attempts",
    6 "0006_consented_claims",
    7 "0007_scopes_and_themes",
    8 "0008_consented_resources",
    9 "0009_mails",
    10 "0010_webhooks",
    11 "0011_second_factors",
    12 "0012_slowed_attempts",
    13 "0013_confirmations",
    14 "0014_groups",
    15 "0015_self_service",
    16 "0016_upstream_sign_in",
    17 "0017_passkeys",
    18 "0018_directories",
    20 "0020_mail_templates",
    21 "0021_tuples",
    22 "0022_biscuit",
}

/// The number of the newest migration this binary knows.
pub fn latest_migration() -> i64 {
    SQLITE.last().map_or(0, |migration| migration.number)
}

pub(super) fn embedded(store: &Store) -> &'static [Migration] {
    match store.engine {
        Engine::Sqlite(_) => SQLITE,
        Engine::Postgres(_) => POSTGRES,
    }
}

#[derive(sqlx::FromRow)]
struct Applied {
    number: i64,
    checksum: String,
}

/// How far the schema of a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// There is none.
    Missing,
    /// It is this binary's.
    Current,
}

/// How far the schema is, without changing it. One that is not this binary's is an error.
pub(super) async fn schema(store: &Store, known: &[Migration]) -> Result<Schema, StoreError> {
    let mut tx = store.begin_read().await?;
    let recorded = if has_record(&mut tx).await? {
        recorded(&mut tx).await?
    } else {
        Vec::new()
    };
    tx.rollback().await?;
    match recorded.last() {
        None => Ok(Schema::Missing),
        Some(_) if pending(&recorded, known)?.is_empty() => Ok(Schema::Current),
        Some(newest) => Err(StoreError::OlderDatabase {
            database: newest.number,
            known: known.last().map_or(0, |migration| migration.number),
        }),
    }
}

pub(super) async fn run(store: &Store, known: &[Migration]) -> Result<Migrated, StoreError> {
    // Most starts find nothing to do, and must not wait for a writer to find that.
    let mut tx = store.begin_read().await?;
    let was_empty = !has_record(&mut tx).await?;
    let mut pending = if was_empty {
        known
    } else {
        pending(&recorded(&mut tx).await?, known)?
    };
    tx.rollback().await?;

    let mut applied = 0;
    while !pending.is_empty() {
        let mut tx = store.begin().await?;
        prepare(&mut tx).await?;
        // Another process may have been faster.
        pending = self::pending(&recorded(&mut tx).await?, known)?;
        if let Some((next, rest)) = pending.split_first() {
            apply(&mut tx, next).await?;
            tx.commit().await?;
            tracing::info!(number = next.number, name = next.name, "migrated");
            applied += 1;
            pending = rest;
        }
    }
    Ok(Migrated {
        applied,
        number: known.last().map_or(0, |migration| migration.number),
        was_empty,
    })
}

/// Compares what the database went through with what this binary knows, and gives what is to do.
fn pending<'a>(
    recorded: &[Applied],
    known: &'a [Migration],
) -> Result<&'a [Migration], StoreError> {
    let newest_known = known.last().map_or(0, |migration| migration.number);
    if let Some(newest) = recorded.last()
        && newest.number > newest_known
    {
        return Err(StoreError::NewerDatabase {
            database: newest.number,
            known: newest_known,
        });
    }
    for (index, migration) in known.iter().enumerate() {
        match recorded.get(index) {
            None => return Ok(&known[index..]),
            Some(applied)
                if applied.number != migration.number
                    || applied.checksum != checksum(migration.sql) =>
            {
                return Err(StoreError::ChangedMigration {
                    number: migration.number,
                    name: migration.name.to_owned(),
                });
            }
            Some(_) => {}
        }
    }
    Ok(&[])
}

async fn apply(tx: &mut Tx, migration: &Migration) -> Result<(), StoreError> {
    let outcome = match tx.writer() {
        Handle::Sqlite(connection) => sqlx::raw_sql(migration.sql)
            .execute(connection)
            .await
            .map(drop),
        Handle::Postgres(connection) => sqlx::raw_sql(migration.sql)
            .execute(connection)
            .await
            .map(drop),
    };
    outcome.map_err(|source| StoreError::Migration {
        number: migration.number,
        name: migration.name.to_owned(),
        source,
    })?;
    execute!(
        tx,
        "INSERT INTO migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        migration.number,
        migration.name,
        checksum(migration.sql),
        UnixMillis::now()
    )?;
    Ok(())
}

/// Takes this process's turn and makes the record of migrations, the one table no migration makes.
async fn prepare(tx: &mut Tx) -> Result<(), StoreError> {
    if let Handle::Postgres(connection) = tx.writer() {
        postgres::lock_migrations(connection).await?;
        if !has_record(tx).await? {
            // IF NOT EXISTS: an administrator may have made the schemas for a user who may not.
            for statement in [
                "CREATE SCHEMA IF NOT EXISTS auth",
                "CREATE SCHEMA IF NOT EXISTS engine",
            ] {
                execute!(tx, statement)?;
            }
            execute!(
                tx,
                "CREATE TABLE engine.migrations (
                    number     BIGINT NOT NULL PRIMARY KEY,
                    name       TEXT   NOT NULL,
                    checksum   TEXT   NOT NULL,
                    applied_at BIGINT NOT NULL
                )"
            )?;
        }
    } else if !has_record(tx).await? {
        execute!(
            tx,
            "CREATE TABLE migrations (
                number     BIGINT NOT NULL PRIMARY KEY,
                name       TEXT   NOT NULL,
                checksum   TEXT   NOT NULL,
                applied_at BIGINT NOT NULL
            )"
        )?;
    }
    Ok(())
}

async fn has_record(tx: &mut Tx) -> Result<bool, StoreError> {
    let (found,): (bool,) = match tx.reader() {
        Handle::Sqlite(connection) => {
            sqlx::query_as(
                "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations')",
            )
            .fetch_one(connection)
            .await?
        }
        Handle::Postgres(connection) => {
            sqlx::query_as("SELECT to_regclass('engine.migrations') IS NOT NULL")
                .fetch_one(connection)
                .await?
        }
    };
    Ok(found)
}

async fn recorded(tx: &mut Tx) -> Result<Vec<Applied>, StoreError> {
    fetch_all!(
        tx,
        Applied,
        "SELECT number, checksum FROM migrations ORDER BY number"
    )
}

fn checksum(sql: &str) -> String {
    use std::fmt::Write;
    digest(&SHA256, sql.as_bytes())
        .as_ref()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
