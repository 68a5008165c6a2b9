//! A fresh database for each test, on either engine.
#![allow(clippy::expect_used, clippy::panic)]

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::{Backend, Store};
use crate::{
    clock::UnixMillis,
    crypto::{Secret, token},
};

const VARIABLE: &str = "ASSAY_TEST_POSTGRES";

/// An empty database that goes when it is dropped.
pub(crate) enum TestDb {
    Sqlite(TempDir),
    Postgres {
        server: Box<PgConnectOptions>,
        name: String,
    },
}

impl TestDb {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) async fn postgres() -> Self {
        // Never skipped in silence: half of what the tests promise is about PostgreSQL.
        let url = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{VARIABLE} is not set; run the tests with `scripts/test`, which starts PostgreSQL"
            )
        });
        let server: Box<PgConnectOptions> = Box::new(url.parse().expect("a PostgreSQL URL"));
        let name = format!(
            "assay_test_{}",
            token::uuid_v7(UnixMillis::now())
                .expect("randomness")
                .simple()
        );
        let mut connection = server.connect().await.expect("the test's PostgreSQL");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("a new database");
        connection.close().await.expect("closed");
        Self::Postgres { server, name }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(directory) => Backend::Sqlite {
                data_dir: directory.path().to_owned(),
            },
            Self::Postgres { server, name } => Backend::Postgres {
                url: Secret::new((**server).clone().database(name).to_url_lossy().to_string()),
                max_connections: 8,
            },
        }
    }

    /// Opens it as it is.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.backend()).await.expect("it opens")
    }

    /// Opens it with the schema in place.
    pub(crate) async fn store(&self) -> Store {
        let store = self.open().await;
        store.migrate().await.expect("it migrates");
        store
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else {
            return;
        };
        let (server, name) = (server.clone(), name.clone());
        // A thread of its own: the test's runtime may be shutting down or unwinding.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let work = async {
                    let mut connection = server.connect().await?;
                    sqlx::query(sqlx::AssertSqlSafe(drop))
                        .execute(&mut connection)
                        .await
                };
                tokio::time::timeout(Duration::from_secs(20), work).await
            })
        });
        let _ = cleaner.join();
    }
}

/// Makes two tests of each function, `name::sqlite` and `name::postgres`:
///
/// ```text
/// both_databases! {
///     async fn a_promise(db: TestDb) { let store = db.store().await; ... }
/// }
/// ```
macro_rules! both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($db:ident: TestDb) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($db: &$crate::store::testing::TestDb) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(&$crate::store::testing::TestDb::sqlite()).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(&$crate::store::testing::TestDb::postgres().await).await;
            }
        }
    )*};
}

pub(crate) use both_databases;
