//! One SQL text, two engines. Each macro takes a `&Store` or a `&mut Tx`, the SQL, and its arguments,
//! awaits inside, and gives a `Result<_, StoreError>`:
//!
//! - `fetch_one!(db, Row, "SELECT ...", a, b)` gives a `Row`, or an error if there is none;
//! - `fetch_optional!(db, Row, ...)` gives an `Option<Row>`;
//! - `fetch_all!(db, Row, ...)` gives a `Vec<Row>`;
//! - `execute!(db, "UPDATE ...", a, b)` gives the number of rows it changed.
//!
//! `Row` is a tuple (`(i64,)` for one column) or derives `sqlx::FromRow`. The text is a literal, which
//! is what keeps values out of it. A statement that writes *and* returns rows needs a transaction:
//! `fetch_*` on a `&Store` may run on a connection that can only read.

/// The shape all of them share.
macro_rules! fetch {
    ($finish:ident, $db:expr, $row:ty, $sql:expr $(, $arg:expr)*) => {{
        let outcome = match $db.reader() {
            $crate::store::Handle::Sqlite(connection) => {
                ::sqlx::query_as::<::sqlx::Sqlite, $row>($sql)
                    $(.bind($arg))*
                    .$finish(connection)
                    .await
            }
            $crate::store::Handle::Postgres(connection) => {
                ::sqlx::query_as::<::sqlx::Postgres, $row>($sql)
                    $(.bind($arg))*
                    .$finish(connection)
                    .await
            }
        };
        $db.settle(outcome)
    }};
}

#[allow(unused_macros)] // In use as soon as the first module reads one row.
macro_rules! fetch_one {
    ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::macros::fetch!(fetch_one, $db, $row, $sql $(, $arg)*)
    };
}

#[allow(unused_macros)] // In use as soon as the first module reads one row.
macro_rules! fetch_optional {
    ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::macros::fetch!(fetch_optional, $db, $row, $sql $(, $arg)*)
    };
}

macro_rules! fetch_all {
    ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::macros::fetch!(fetch_all, $db, $row, $sql $(, $arg)*)
    };
}

macro_rules! execute {
    ($db:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        let outcome = match $db.writer() {
            $crate::store::Handle::Sqlite(connection) => {
                ::sqlx::query::<::sqlx::Sqlite>($sql)
                    $(.bind($arg))*
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            $crate::store::Handle::Postgres(connection) => {
                ::sqlx::query::<::sqlx::Postgres>($sql)
                    $(.bind($arg))*
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }
        };
        $db.settle(outcome)
    }};
}

pub(crate) use {execute, fetch, fetch_all, fetch_one, fetch_optional};
