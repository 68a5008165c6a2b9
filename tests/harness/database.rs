//! An empty database for one test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use assay::clock::Clock;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use url::Url;

/// An empty database that one test has to itself; it is gone when the last holder is.
#[derive(Clone, Debug)]
pub enum TestDb {
    /// A file in the data folder of the server under test.
    Sqlite,
    /// A new database on the server that `ASSAY_TEST_POSTGRES` names.
    Postgres(Arc<PostgresDatabase>),
}

/// A database on a shared PostgreSQL server.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: Url,
    name: String,
}

impl TestDb {
    pub fn sqlite() -> Self {
        Self::Sqlite
    }

    pub async fn postgres() -> Self {
        let server = std::env::var("ASSAY_TEST_POSTGRES").expect(
            "this test needs PostgreSQL: run `scripts/postgres run -- cargo test`, or set \
             ASSAY_TEST_POSTGRES to the URL of a server on which databases may be created; \
             `cargo test on_sqlite` runs the tests that do without",
        );
        let server: Url = server.parse().expect("ASSAY_TEST_POSTGRES is a URL");
        let name = format!(
            "assay_test_{}",
            assay::crypto::token::uuid_v7(Clock::system().now())
                .expect("randomness")
                .simple()
        );
        execute(&server, format!("CREATE DATABASE {name}")).await;
        Self::Postgres(Arc::new(PostgresDatabase { server, name }))
    }

    /// The URL of the PostgreSQL database; SQLite has none.
    pub fn url(&self) -> Option<Url> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(database) => Some(database.url()),
        }
    }

    /// Changes rows behind the server's back: time cannot be made to pass for it. `data_dir` is where
    /// SQLite's file is.
    pub async fn alter(&self, data_dir: &Path, statement: &'static str) -> u64 {
        let done = match self {
            Self::Sqlite => {
                let options = SqliteConnectOptions::new().filename(data_dir.join("assay.db"));
                let mut connection = options.connect().await.expect("the file");
                let done = sqlx::query(statement).execute(&mut connection).await;
                done.map(|done| done.rows_affected())
            }
            Self::Postgres(database) => {
                let mut connection = PgConnection::connect(database.url().as_str())
                    .await
                    .expect("the database");
                let done = sqlx::raw_sql("SET search_path TO auth")
                    .execute(&mut connection)
                    .await;
                done.expect("the schema");
                let done = sqlx::query(statement).execute(&mut connection).await;
                done.map(|done| done.rows_affected())
            }
        };
        done.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// The number that a question gives. `data_dir` is where SQLite's file is.
    pub async fn number(&self, data_dir: &Path, question: &'static str) -> i64 {
        let number = match self {
            Self::Sqlite => {
                let options = SqliteConnectOptions::new().filename(data_dir.join("assay.db"));
                let mut connection = options.connect().await.expect("the file");
                sqlx::query_scalar(question)
                    .fetch_one(&mut connection)
                    .await
            }
            Self::Postgres(database) => {
                let mut connection = PgConnection::connect(database.url().as_str())
                    .await
                    .expect("the database");
                let done = sqlx::raw_sql("SET search_path TO auth")
                    .execute(&mut connection)
                    .await;
                done.expect("the schema");
                sqlx::query_scalar(question)
                    .fetch_one(&mut connection)
                    .await
            }
        };
        number.unwrap_or_else(|error| panic!("{question}: {error}"))
    }

    /// How many rows each table has. `data_dir` is where SQLite's file is.
    pub async fn rows(&self, data_dir: &Path) -> BTreeMap<String, i64> {
        let mut rows = BTreeMap::new();
        match self {
            Self::Sqlite => {
                let options = SqliteConnectOptions::new().filename(data_dir.join("assay.db"));
                let mut connection = options.connect().await.expect("the file");
                let tables: Vec<String> = sqlx::query_scalar(
                    "SELECT name FROM sqlite_schema
                      WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
                )
                .fetch_all(&mut connection)
                .await
                .expect("tables");
                for table in tables {
                    let count = sqlx::query_scalar(AssertSqlSafe(count_of(&table)));
                    let count = count.fetch_one(&mut connection).await.expect("a number");
                    rows.insert(table, count);
                }
            }
            Self::Postgres(database) => {
                let mut connection = PgConnection::connect(database.url().as_str())
                    .await
                    .expect("the database");
                let tables: Vec<(String, String)> = sqlx::query_as(
                    "SELECT schemaname::text, tablename::text FROM pg_tables
                      WHERE schemaname IN ('auth', 'engine')",
                )
                .fetch_all(&mut connection)
                .await
                .expect("tables");
                for (schema, table) in tables {
                    let statement = count_of(&format!("{schema}.{table}"));
                    let count = sqlx::query_scalar(AssertSqlSafe(statement));
                    let count = count.fetch_one(&mut connection).await.expect("a number");
                    rows.insert(table, count);
                }
            }
        }
        rows
    }

    /// The `[backend]` section of `engine.toml`.
    pub fn backend(&self, data_dir: &Path) -> String {
        match self.url() {
            None => format!(
                "[backend]\ntype = \"sqlite\"\ndata_dir = \"{}\"\n",
                data_dir.display()
            ),
            Some(url) => format!("[backend]\ntype = \"postgres\"\nurl = \"{url}\"\n"),
        }
    }
}

impl PostgresDatabase {
    fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // A runtime cannot be entered from within another, and a test runs in one.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(execute(&server, statement));
        })
        .join();
        if dropped.is_err() {
            eprintln!("could not drop the database {}", self.name);
        }
    }
}

fn count_of(table: &str) -> String {
    format!("SELECT count(*) FROM {table}")
}

async fn execute(server: &Url, statement: String) {
    let mut connection = PgConnection::connect(server.as_str())
        .await
        .unwrap_or_else(|error| panic!("cannot connect to ASSAY_TEST_POSTGRES: {error}"));
    sqlx::query(AssertSqlSafe(statement.clone()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("a clean end");
}

async fn exists(server: &Url, name: &str) -> bool {
    let mut connection = PgConnection::connect(server.as_str()).await.unwrap();
    sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

mod a_database_lives_as_long_as_its_test {
    use super::{TestDb, exists};

    #[tokio::test]
    async fn on_postgres() {
        let db = TestDb::postgres().await;
        let TestDb::Postgres(database) = &db else {
            panic!("not PostgreSQL: {db:?}");
        };
        let (server, name) = (database.server.clone(), database.name.clone());
        assert!(exists(&server, &name).await);
        assert!(db.url().unwrap().path().ends_with(&name));

        drop(db);

        assert!(!exists(&server, &name).await);
    }
}
