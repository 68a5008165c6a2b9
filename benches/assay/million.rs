//! The same with a million refresh tokens that live, each with its grant, of ten thousand people.

use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    code,
    database::{Engine, Installation},
    heading, introspection,
    process::Server,
    provider::{self, Browser, SHOP, VAULT},
    refresh, report, userinfo,
};

const PEOPLE: u32 = 10_000;
const TOKENS: u32 = 1_000_000;
const BATCH: u32 = 100_000;

pub fn run() {
    heading(&format!("With {TOKENS} live refresh tokens (SQLite)"));
    let installation = provider::installation(Engine::Sqlite);
    let before = measure(&Server::start(&installation));
    fill(&installation);
    let after = measure(&Server::start(&installation));
    for ((what, few), (_, many)) in before.into_iter().zip(after) {
        let note = format!("{:.2} x without them", many / few);
        report(what, many, "us", &note);
    }
}

fn measure(server: &Server) -> [(&'static str, f64); 5] {
    let mut browser = Browser::signed_in(server);
    let jwt = browser.tokens(SHOP).access_token;
    let opaque = browser.tokens(VAULT).access_token;
    [
        ("code redemption", code::redeem(server, &mut browser)),
        ("refresh", refresh::refresh(server, &mut browser)),
        (
            "introspection, JWT of a person",
            introspection::of(server, SHOP, &jwt),
        ),
        (
            "introspection, opaque",
            introspection::of(server, VAULT, &opaque),
        ),
        (
            "userinfo",
            userinfo::with_token_of(server, &mut browser, SHOP),
        ),
    ]
}

/// So many accounts that nobody can sign in to.
pub fn people(count: u32) -> String {
    format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})
         INSERT INTO users (id, email, email_verified, state, created_at, updated_at)
         SELECT printf('person-%06d', n), printf('person-%06d@example.com', n), TRUE, 'active', 0, 0
           FROM numbers"
    )
}

/// The hashes are spread over their whole range, as real ones
/// are: the multiplier is odd, so no two numbers of 32 bits meet.
fn fill(installation: &Installation) {
    let tokens = (0..TOKENS).step_by(BATCH as usize).map(|first| {
        let numbers = format!(
            "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers
                                            WHERE n + 1 < {})",
            first + BATCH
        );
        // Far in the future, and not all at once.
        let ends = "4000000000000 + n";
        format!(
            "BEGIN; {numbers}
             INSERT INTO oidc_grants (id, client_uid, user_id, scope, authenticated_at, amr,
                                      created_at, expires_at)
             SELECT printf('grant-%08d', n), (SELECT id FROM oidc_clients WHERE name = 'shop'),
                    printf('person-%06d', n % {PEOPLE}), 'openid email offline_access', 0,
                    '[\"pwd\"]', 0, {ends}
               FROM numbers;
             {numbers}
             INSERT INTO oidc_refresh_tokens (token_hash, grant_id, scope, created_at, expires_at)
             SELECT unhex(printf('%08x%056x', n * 2654435761 % 4294967296, n)),
                    printf('grant-%08d', n), 'openid email offline_access', 0, {ends}
               FROM numbers;
             COMMIT"
        )
    });
    let statements: Vec<_> = std::iter::once(people(PEOPLE)).chain(tokens).collect();
    fill_in(installation, &statements);
}

/// Runs these on the database, which nothing else uses meanwhile.
pub fn fill_in(installation: &Installation, statements: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let options = SqliteConnectOptions::new()
        .filename(installation.path().join("data/assay.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-600000")
        .disable_statement_logging();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        for text in statements {
            sqlx::raw_sql(sqlx::AssertSqlSafe(text.as_str()))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}
