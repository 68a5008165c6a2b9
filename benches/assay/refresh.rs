//! Refresh: what it costs, and how often it commits.

use std::{fs, path::Path};

use crate::{
    bare,
    database::Installation,
    heading,
    http::Connection,
    process::Server,
    provider::{Browser, FORM, SHOP, Tokens},
    report,
};

pub fn run(installation: &Installation, server: &Server) {
    heading("Refresh (SQLite)");
    let mut browser = Browser::signed_in(server);
    bare::beside_two_signatures_and_a_commit(
        installation.path(),
        "refresh to ID, access and refresh token, RS256",
        || refresh(server, &mut browser),
    );
    let commits = commits(installation.path(), server, &mut browser);
    report("commits of one refresh (median of 21)", commits, "", "");
}

/// CPU microseconds of one refresh.
pub fn refresh(server: &Server, browser: &mut Browser) -> f64 {
    let mut connection = Connection::open(&server.address);
    let mut tokens = browser.tokens(SHOP);
    server.per_operation(500, || next(&mut connection, &mut tokens))
}

fn next(connection: &mut Connection, tokens: &mut Tokens) {
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        tokens.refresh_token
    );
    let answer = connection.send("POST", "/auth/token", &[SHOP.basic, FORM], &form);
    tokens.refresh_token = answer.member("refresh_token");
}

/// The median, because the server does other things now and then.
fn commits(folder: &Path, server: &Server, browser: &mut Browser) -> f64 {
    let mut connection = Connection::open(&server.address);
    let mut tokens = browser.tokens(SHOP);
    let mut counts: Vec<usize> = (0..21)
        .map(|_| {
            // When the log begins anew, the count starts again.
            loop {
                let before = log(folder);
                next(&mut connection, &mut tokens);
                let after = log(folder);
                if before.salt == after.salt {
                    return after.commits - before.commits;
                }
            }
        })
        .collect();
    counts.sort_unstable();
    counts[10] as f64
}

/// The write-ahead log as it stands: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.
struct Log {
    salt: [u8; 8],
    commits: usize,
}

fn log(folder: &Path) -> Log {
    let bytes = fs::read(folder.join("data/assay.db-wal")).unwrap();
    let page = u32::from_be_bytes(bytes[8..12].try_into().unwrap()) as usize;
    let salt: [u8; 8] = bytes[16..24].try_into().unwrap();
    let commits = bytes[32..]
        .chunks_exact(24 + page)
        // What an earlier round of the log has left behind has another salt.
        .take_while(|frame| frame[8..16] == salt)
        // A frame that ends a transaction says how large the database is after it.
        .filter(|frame| frame[4..8] != [0; 4])
        .count();
    Log { salt, commits }
}
