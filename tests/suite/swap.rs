//! A module goes off and on while people use the server: the real binary, over HTTP, on each database.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Assay, Reply, TestDb};

both_databases!(no_request_fails_while_a_module_goes_off_and_on);

const TOGGLES: u32 = 100;
/// Requests that are answered between two toggles, at least.
const BETWEEN: u64 = 120;
const WORKERS: usize = 4;
/// The switched module's, and those of others.
const PATHS: [&str; 5] = [
    "/.well-known/openid-configuration",
    "/healthz",
    "/.well-known/jwks.json",
    "/auth/login",
    "/auth/.well-known/openid-configuration",
];
const SWITCHED: &str = "oidc_provider";
/// For requests to be answered, however busy the machine is.
const LONG: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Count {
    answered: AtomicU64,
    off: AtomicU64,
    is_over: AtomicBool,
}

struct Answer {
    status: u16,
    generation: i64,
    body: String,
}

/// Asks over one connection that stays open: a client library would cost more than the server.
async fn ask(connection: &mut TcpStream, port: u16, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head_end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let header = |name: &str| -> Option<String> {
                head.lines().find_map(|line| {
                    let (key, value) = line.split_once(':')?;
                    key.eq_ignore_ascii_case(name)
                        .then(|| value.trim().to_owned())
                })
            };
            let length: usize = header("content-length").expect("a length").parse().unwrap();
            if bytes.len() >= end + 4 + length {
                assert_eq!(bytes.len(), end + 4 + length, "more than was asked for");
                return Answer {
                    status: head.split(' ').nth(1).unwrap().parse().unwrap(),
                    generation: header("assay-generation").unwrap().parse().unwrap(),
                    body: String::from_utf8(bytes.split_off(end + 4)).unwrap(),
                };
            }
        }
        let read = connection.read_buf(&mut bytes).await.unwrap();
        assert!(read > 0, "cut off in the middle of {path}");
    }
}

/// Asks until it is over. Panics at an answer that is neither right nor the switched module's own.
async fn use_it(port: u16, first: usize, count: Arc<Count>) {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut newest = 0;
    for path in PATHS.iter().cycle().skip(first) {
        if count.is_over.load(Ordering::Relaxed) {
            return;
        }
        let answer = ask(&mut connection, port, path).await;
        match answer.status {
            200 => assert!(!answer.body.is_empty()),
            404 if path.ends_with("openid-configuration") => {
                let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                assert_eq!(problem["type"], "urn:assay:problem:module-disabled");
                assert_eq!(problem["module"], SWITCHED);
                count.off.fetch_add(1, Ordering::Relaxed);
            }
            status => panic!("{status} for {path}: {}", answer.body),
        }
        assert!(
            answer.generation >= newest,
            "{path} went back to {}",
            answer.generation
        );
        newest = answer.generation;
        count.answered.fetch_add(1, Ordering::Relaxed);
    }
}

async fn toggle(assay: &Assay, enabled: bool) {
    let request = assay.admin(Method::PATCH, "/auth/admin/auth/modules");
    let body = json!({ "modules": [SWITCHED], "enabled": enabled });
    let reply = Reply::to(request.json(&body)).await.expect_status(200);
    assert_eq!(reply.json()["outcome"], "applied");
}

async fn no_request_fails_while_a_module_goes_off_and_on(db: TestDb) {
    let assay = Assay::start(db).await;
    let port = assay.url("/").port().unwrap();
    let count = Arc::new(Count::default());
    let mut workers = tokio::task::JoinSet::new();
    for first in 0..WORKERS {
        workers.spawn(use_it(port, first, Arc::clone(&count)));
    }

    let began = Instant::now();
    for round in 0..TOGGLES {
        let before = count.answered.load(Ordering::Relaxed);
        toggle(&assay, round % 2 == 1).await;
        let waiting = Instant::now();
        while count.answered.load(Ordering::Relaxed) < before + BETWEEN {
            assert!(waiting.elapsed() < LONG, "{}", assay.logs());
            // A worker that met a wrong answer has panicked.
            if let Some(Err(ended)) = workers.try_join_next() {
                std::panic::resume_unwind(ended.into_panic());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let took = began.elapsed();
    count.is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = workers.join_next().await {
        if let Err(ended) = ended {
            std::panic::resume_unwind(ended.into_panic());
        }
    }

    let answered = count.answered.load(Ordering::Relaxed);
    let off = count.off.load(Ordering::Relaxed);
    let rate = answered * 1_000 / u64::try_from(took.as_millis()).unwrap().max(1);
    eprintln!("{answered} requests, {off} of them to the module that was off, {rate} a second");
    assert!(answered >= u64::from(TOGGLES) * BETWEEN);
    assert!(off > u64::from(TOGGLES), "the module was hardly ever off");
}
