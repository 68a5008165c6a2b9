//! A fresh database for each measurement.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The engines that can be measured here.
pub struct Database {
    pub engine: Engine,
}

impl Database {
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self {
            engine: Engine::Sqlite,
        }];
        if std::env::var_os("ASSAY_TEST_POSTGRES").is_some() {
            all.push(Self {
                engine: Engine::Postgres,
            });
        } else {
            println!(
                "\nPostgreSQL is not measured: ASSAY_TEST_POSTGRES is not set \
                 (scripts/postgres run -- cargo bench)"
            );
        }
        all
    }

    /// A folder with an `engine.toml` that points at an empty database.
    pub fn installation(&self) -> Installation {
        Installation::new(self.engine)
    }
}

pub struct Installation {
    folder: TempDir,
    database: Option<String>,
}

/// A key to the admin API for the measurements.
pub const ADMIN_KEY: &str = "sk_admin_for_measurements_only_0123456789";

impl Installation {
    pub fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (backend, database) = match engine {
            Engine::Sqlite => {
                let data = folder.path().join("data");
                (format!("type = \"sqlite\"\ndata_dir = {data:?}\n"), None)
            }
            Engine::Postgres => {
                let name = format!("assay_bench_{}", std::process::id());
                postgres(&[
                    &format!("DROP DATABASE IF EXISTS {name}"),
                    &format!("CREATE DATABASE {name}"),
                ]);
                let cluster = std::env::var("ASSAY_TEST_POSTGRES").unwrap();
                let url = cluster.rsplit_once('/').unwrap().0.to_owned() + "/" + &name;
                (format!("type = \"postgres\"\nurl = {url:?}\n"), Some(name))
            }
        };
        let key = folder.path().join("master.key");
        fs::write(
            &key,
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        )
        .unwrap();
        fs::write(
            folder.path().join("engine.toml"),
            format!("[backend]\n{backend}\n[auth]\nadmin_api_keys = [\"{ADMIN_KEY}\"]\n"),
        )
        .unwrap();
        Self { folder, database }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("engine.toml")
    }

    /// A command on this installation.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = crate::process::assay();
        command
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .env(
                "ASSAY_MASTER_KEY_FILE",
                self.folder.path().join("master.key"),
            )
            .env("BENCH_SECRET", "0123456789abcdef0123456789abcdef");
        command
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            postgres(&[&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]);
        }
    }
}

fn postgres(statements: &[&str]) {
    use sqlx::{Connection as _, Executor as _};
    let url = std::env::var("ASSAY_TEST_POSTGRES").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        for statement in statements {
            connection
                .execute(sqlx::AssertSqlSafe((*statement).to_owned()))
                .await
                .unwrap();
        }
    });
}
