//! What the cryptography and the database cost by themselves.

use std::path::Path;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    process::{self, Threads},
    report,
};

/// As long as a token is without its signature.
const MESSAGE: [u8; 400] = [7; 400];

/// What something costs by itself, before and after what is measured beside it: a shared machine is now
/// faster, now slower.
pub fn around(bare: impl Fn() -> f64, measure: impl FnOnce() -> f64) -> (f64, f64) {
    let before = bare();
    let measured = measure();
    (f64::midpoint(before, bare()), measured)
}

/// CPU microseconds of one RSA-2048 signature.
pub fn rs256() -> f64 {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public_modulus_len()];
    each(1_000, || {
        key.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature)
            .unwrap();
    })
}

/// CPU microseconds of one signature with ECDSA on P-256.
pub fn es256() -> f64 {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    each(10_000, || {
        key.sign(&random, &MESSAGE).unwrap();
    })
}

/// CPU microseconds of one signature with Ed25519.
pub fn eddsa() -> f64 {
    let key = Ed25519KeyPair::generate().unwrap();
    each(10_000, || {
        let _ = key.sign(&MESSAGE);
    })
}

/// Reports what is measured beside what it cannot do without, two signatures and a commit.
pub fn beside_two_signatures_and_a_commit(
    folder: &Path,
    what: &str,
    measure: impl FnOnce() -> f64,
) {
    let (bare, cost) = around(|| 2.0 * rs256() + commit(folder), measure);
    report(
        "two bare RS256 signatures and a bare commit",
        bare,
        "us",
        "",
    );
    report(what, cost, "us", &format!("{:.2} x that", cost / bare));
}

/// CPU microseconds of one commit that changes one row of a SQLite file, as durable as ours are: one
/// statement text, so that nothing but the commit is in it.
fn commit(folder: &Path) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS codes (code TEXT PRIMARY KEY, used_at BIGINT)")
            .execute(&mut connection)
            .await
            .unwrap();
        let (threads, mut spent) = (Threads::default(), Vec::new());
        for round in 0..6 {
            let before = threads.own_process();
            for _ in 0..100 {
                sqlx::raw_sql(
                    "BEGIN IMMEDIATE;
                     INSERT INTO codes VALUES ('a', 1)
                         ON CONFLICT (code) DO UPDATE SET used_at = codes.used_at + 1;
                     COMMIT",
                )
                .execute(&mut connection)
                .await
                .unwrap();
            }
            // The first one only warms up.
            if round > 0 {
                spent.push((threads.own_process() - before).as_secs_f64() * 1e6 / 100.0);
            }
        }
        connection.close().await.unwrap();
        spent.sort_by(f64::total_cmp);
        spent[2]
    })
}

/// CPU microseconds of this thread for each; the median of five rounds.
pub fn each(times: u32, mut work: impl FnMut()) -> f64 {
    (0..times / 10).for_each(|_| work());
    let mut rounds: Vec<f64> = (0..5)
        .map(|_| {
            let before = process::own_cpu();
            (0..times / 5).for_each(|_| work());
            (process::own_cpu() - before).as_secs_f64() * 1e6 / f64::from(times / 5)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[2]
}
