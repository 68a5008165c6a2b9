//! Questions that are put together while the program runs: searches and filters.

use sqlx::{
    Arguments as _, AssertSqlSafe, Database, Encode, FromRow, Postgres, Sqlite, Type,
    postgres::PgRow, sqlite::SqliteRow,
};

use super::{Handle, Store, StoreError, Tx};

/// A `SELECT` in the making. Its text comes from literals alone, which is what keeps values out of it.
#[derive(Debug)]
pub struct Query {
    text: String,
    values: Vec<Bound>,
    is_sqlite: bool,
}

/// One value of it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Bound {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

macro_rules! bound_from {
    ($($type:ty => $case:ident;)*) => {$(
        impl From<$type> for Bound {
            fn from(value: $type) -> Self {
                Self::$case(value.into())
            }
        }
    )*};
}
bound_from! {
    &str => Text;
    String => Text;
    i64 => Integer;
    u32 => Integer;
    f64 => Number;
    bool => Boolean;
}

impl Query {
    /// Begins with this text, for this database.
    pub fn new(store: &Store, text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
            is_sqlite: matches!(store.writer(), Handle::Sqlite(_)),
        }
    }

    /// Begins with this text, for the database of a transaction.
    pub fn within(tx: &mut Tx, text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
            is_sqlite: matches!(tx.writer(), Handle::Sqlite(_)),
        }
    }

    /// Goes on with this text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with what only one of the engines understands.
    pub fn push_either(&mut self, sqlite: &'static str, postgres: &'static str) -> &mut Self {
        self.push(if self.is_sqlite { sqlite } else { postgres })
    }

    /// Goes on with a value.
    pub fn bind(&mut self, value: impl Into<Bound>) -> &mut Self {
        use std::fmt::Write as _;
        self.values.push(value.into());
        // A String takes everything.
        _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// Texts of the column that begin with `beginning`, found by an index of the column.
    pub fn begins_with(&mut self, column: &'static str, beginning: &str) -> &mut Self {
        self.push(column).push(" >= ").bind(beginning);
        let beyond = format!("{beginning}\u{10ffff}");
        self.push(" AND ").push(column).push(" < ").bind(beyond)
    }

    /// Asks, and gives all rows.
    pub async fn fetch_all<R>(self, store: &Store) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let text = AssertSqlSafe(self.text);
        // Not kept prepared: no two filters are alike, and they would push out what is asked each time.
        let outcome = match store.reader() {
            Handle::Sqlite(readers) => {
                sqlx::query_as_with::<Sqlite, R, _>(text, arguments::<Sqlite>(self.values)?)
                    .persistent(false)
                    .fetch_all(readers)
                    .await
            }
            Handle::Postgres(pool) => {
                sqlx::query_as_with::<Postgres, R, _>(text, arguments::<Postgres>(self.values)?)
                    .persistent(false)
                    .fetch_all(pool)
                    .await
            }
        };
        store.settle(outcome)
    }

    /// Asks in a transaction, and gives all rows.
    pub async fn fetch_all_within<R>(self, tx: &mut Tx) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let text = AssertSqlSafe(self.text);
        let outcome = match tx.reader() {
            Handle::Sqlite(connection) => {
                sqlx::query_as_with::<Sqlite, R, _>(text, arguments::<Sqlite>(self.values)?)
                    .persistent(false)
                    .fetch_all(connection)
                    .await
            }
            Handle::Postgres(connection) => {
                sqlx::query_as_with::<Postgres, R, _>(text, arguments::<Postgres>(self.values)?)
                    .persistent(false)
                    .fetch_all(connection)
                    .await
            }
        };
        tx.settle(outcome)
    }

    /// Runs what writes in a transaction, and gives the number of rows it changed.
    pub async fn execute_within(self, tx: &mut Tx) -> Result<u64, StoreError> {
        let text = AssertSqlSafe(self.text);
        let outcome = match tx.writer() {
            Handle::Sqlite(connection) => {
                sqlx::query_with::<Sqlite, _>(text, arguments::<Sqlite>(self.values)?)
                    .persistent(false)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            Handle::Postgres(connection) => {
                sqlx::query_with::<Postgres, _>(text, arguments::<Postgres>(self.values)?)
                    .persistent(false)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
        };
        tx.settle(outcome)
    }
}

fn arguments<DB>(values: Vec<Bound>) -> Result<DB::Arguments, StoreError>
where
    DB: Database,
    for<'a> String: Encode<'a, DB> + Type<DB>,
    for<'a> i64: Encode<'a, DB> + Type<DB>,
    for<'a> f64: Encode<'a, DB> + Type<DB>,
    for<'a> bool: Encode<'a, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    for value in values {
        match value {
            Bound::Text(value) => arguments.add(value),
            Bound::Integer(value) => arguments.add(value),
            Bound::Number(value) => arguments.add(value),
            Bound::Boolean(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
