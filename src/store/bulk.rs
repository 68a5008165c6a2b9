//! Many rows in one statement, with one text for both engines.
//!
//! The rows become a table named `batch`, and the statement says what is to happen with it:
//!
//! ```text
//! WITH batch (id, name) AS (VALUES (?, ?), (?, ?), ...)
//! INSERT INTO things (id, name) SELECT id, name FROM batch WHERE TRUE ON CONFLICT ...
//! ```
//!
//! (`WHERE TRUE` keeps SQLite from reading `ON CONFLICT` as a join's `ON`.) An update reads
//! `UPDATE things SET name = batch.name FROM batch WHERE things.id = batch.id`, a deletion
//! `DELETE FROM things WHERE id IN (SELECT id FROM batch)`.

use std::fmt::Write;

use futures_util::future::BoxFuture;
use sqlx::{
    Arguments, AssertSqlSafe, Database, Encode, FromRow, Postgres, Sqlite, Type, postgres::PgRow,
    sqlite::SqliteRow,
};

use super::{Handle, StoreError, Tx};
use crate::clock::UnixMillis;

/// Values bound in one statement. Far below the limits (32,766 on SQLite, 65,535 on PostgreSQL): of 512,
/// 1,024, 4,096 and 30,000 this was the fastest on both.
const MAX_VALUES: usize = 4_096;

/// One value of one row. `None` is NULL of that type; PostgreSQL needs to know which.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Value<'a> {
    Text(Option<&'a str>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
    Bytes(Option<&'a [u8]>),
}

macro_rules! value_from {
    ($($type:ty => $case:ident ($value:ident) $inner:expr;)*) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Self {
                Self::$case(Some($inner))
            }
        }
        impl<'a> From<Option<$type>> for Value<'a> {
            fn from(value: Option<$type>) -> Self {
                Self::$case(value.map(|$value| $inner))
            }
        }
    )*};
}

value_from! {
    &'a str => Text(value) value;
    &'a String => Text(value) value.as_str();
    i64 => Integer(value) value;
    UnixMillis => Integer(value) value.as_i64();
    bool => Boolean(value) value;
    &'a [u8] => Bytes(value) value;
    &'a Vec<u8> => Bytes(value) value.as_slice();
}

/// Runs `statement` over `rows`, in as few statements as the engines' limits allow, and gives the number
/// of rows it changed. With no rows it does nothing.
///
/// `columns` names the columns of `batch`.
///
/// The rows are collected before anything is awaited, and the future is boxed: a future that held the
/// callers' iterators could not be shown to move between threads (rust-lang/rust#100013), and so no
/// handler could write in bulk.
pub fn execute<'f, 'a: 'f, const N: usize>(
    tx: &'f mut Tx,
    columns: [&'static str; N],
    statement: &'static str,
    rows: impl IntoIterator<Item = [Value<'a>; N]>,
) -> BoxFuture<'f, Result<u64, StoreError>> {
    let rows = rows.into_iter().collect();
    Box::pin(execute_all(tx, columns, statement, rows))
}

/// Runs `statement`, which reads, over `rows`, and gives what it finds for all of them.
pub fn fetch_all<'f, 'a: 'f, R, const N: usize>(
    tx: &'f mut Tx,
    columns: [&'static str; N],
    statement: &'static str,
    rows: impl IntoIterator<Item = [Value<'a>; N]>,
) -> BoxFuture<'f, Result<Vec<R>, StoreError>>
where
    R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'f,
{
    let rows = rows.into_iter().collect();
    Box::pin(fetch_all_of(tx, columns, statement, rows))
}

async fn fetch_all_of<R, const N: usize>(
    tx: &mut Tx,
    columns: [&'static str; N],
    statement: &'static str,
    rows: Vec<[Value<'_>; N]>,
) -> Result<Vec<R>, StoreError>
where
    R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let rows_at_once = (MAX_VALUES / N.max(1)).max(1);
    let mut rows = rows.into_iter();
    let mut found = Vec::new();
    loop {
        let chunk: Vec<_> = rows.by_ref().take(rows_at_once).collect();
        if chunk.is_empty() {
            return Ok(found);
        }
        let is_full = chunk.len() == rows_at_once;
        let is_numbered = matches!(tx.writer(), Handle::Postgres(_));
        let sql = AssertSqlSafe(text(columns, statement, chunk.len(), is_numbered));
        let outcome = match tx.reader() {
            Handle::Sqlite(connection) => {
                sqlx::query_as_with::<Sqlite, R, _>(sql, bind::<Sqlite, N>(chunk)?)
                    .persistent(is_full)
                    .fetch_all(connection)
                    .await
            }
            Handle::Postgres(connection) => {
                sqlx::query_as_with::<Postgres, R, _>(sql, bind::<Postgres, N>(chunk)?)
                    .persistent(is_full)
                    .fetch_all(connection)
                    .await
            }
        };
        found.extend(tx.settle(outcome)?);
    }
}

async fn execute_all<const N: usize>(
    tx: &mut Tx,
    columns: [&'static str; N],
    statement: &'static str,
    rows: Vec<[Value<'_>; N]>,
) -> Result<u64, StoreError> {
    let rows_at_once = (MAX_VALUES / N.max(1)).max(1);
    let mut rows = rows.into_iter();
    let mut full_text = None;
    let mut changed = 0;
    loop {
        let chunk: Vec<_> = rows.by_ref().take(rows_at_once).collect();
        if chunk.is_empty() {
            return Ok(changed);
        }
        // To SQLite `$1` is a name, which it looks up among all others: quadratic, and 13 times slower
        // here. PostgreSQL knows no other placeholder.
        let is_numbered = matches!(tx.writer(), Handle::Postgres(_));
        let text = |rows| text(columns, statement, rows, is_numbered);
        // Full chunks have one text, which is prepared once.
        let is_full = chunk.len() == rows_at_once;
        let text = if is_full {
            full_text.get_or_insert_with(|| text(rows_at_once)).clone()
        } else {
            text(chunk.len())
        };
        let outcome = match tx.writer() {
            Handle::Sqlite(connection) => {
                sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text), bind::<Sqlite, N>(chunk)?)
                    .persistent(is_full)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            Handle::Postgres(connection) => {
                sqlx::query_with::<Postgres, _>(AssertSqlSafe(text), bind::<Postgres, N>(chunk)?)
                    .persistent(is_full)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
        };
        changed += tx.settle(outcome)?;
    }
}

fn text<const N: usize>(
    columns: [&'static str; N],
    statement: &str,
    rows: usize,
    is_numbered: bool,
) -> String {
    let mut sql = format!("WITH batch ({}) AS (VALUES ", columns.join(", "));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..N {
            sql.push_str(if column == 0 { "" } else { ", " });
            if is_numbered {
                let _ = write!(sql, "${}", row * N + column + 1);
            } else {
                sql.push('?');
            }
        }
        sql.push(')');
    }
    sql.push_str(") ");
    sql.push_str(statement);
    sql
}

fn bind<'a, DB, const N: usize>(rows: Vec<[Value<'a>; N]>) -> Result<DB::Arguments, StoreError>
where
    DB: Database,
    Option<&'a str>: Encode<'a, DB> + Type<DB>,
    Option<i64>: Encode<'a, DB> + Type<DB>,
    Option<bool>: Encode<'a, DB> + Type<DB>,
    Option<&'a [u8]>: Encode<'a, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    for value in rows.into_iter().flatten() {
        match value {
            Value::Text(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Boolean(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
