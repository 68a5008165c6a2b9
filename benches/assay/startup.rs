//! Start, idle memory, size of the binary.

use std::time::{Duration, Instant};

use crate::{
    database::{Engine, Installation},
    heading,
    http::Connection,
    process::Server,
    report,
};

pub fn run() {
    heading("Start and idle (SQLite)");
    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_assay")).unwrap();
    report(
        "binary",
        binary.len() as f64 / 1e6,
        "MB",
        "release, stripped",
    );

    let installation = Installation::new(Engine::Sqlite);
    let first = Server::start(&installation);
    report(
        "first start: empty database to listening",
        milliseconds(first.started_in),
        "ms",
        "makes keys and schema",
    );
    drop(first);

    let mut starts: Vec<Duration> = (0..10)
        .map(|_| {
            let began = Instant::now();
            let server = Server::start(&installation);
            let answer = Connection::open(&server.address).send("GET", "/healthz", &[], "");
            assert_eq!(answer.status, 200);
            began.elapsed()
        })
        .collect();
    starts.sort();
    report(
        "warm start to first answer (median of 10)",
        milliseconds(starts[5]),
        "ms",
        "wall",
    );

    let server = Server::start(&installation);
    Connection::open(&server.address).send("GET", "/.well-known/openid-configuration", &[], "");
    std::thread::sleep(Duration::from_secs(2));
    let (now, peak) = server.memory();
    report("memory, idle", now, "MB", &format!("peak {peak:.1} MB"));
    let before = server.cpu();
    std::thread::sleep(Duration::from_secs(5));
    let used = (server.cpu() - before).as_secs_f64() / 5.0 * 1e3;
    report("CPU, idle", used, "ms/s", "");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
