//! Slow work has its own lane: how long others wait while as many people sign in as the machine can take.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{
    heading,
    http::Connection,
    introspection,
    process::Server,
    provider::{Browser, SHOP, VAULT},
    report,
};

/// More than there are cores.
const SIGNING_IN: usize = 8;
const ASKED: usize = 200;

pub fn run(server: &Server) {
    heading("While everybody signs in (SQLite)");
    let mut browser = Browser::signed_in(server);
    let jwt = format!("token={}", browser.tokens(SHOP).access_token);
    let opaque = format!("token={}", browser.tokens(VAULT).access_token);
    let (is_over, tries) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..SIGNING_IN {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    // A wrong password costs as much as a right one, and no session is left behind.
                    let answer = Browser::new(server).log_in("not the password of ada");
                    assert_eq!(answer.status, 401, "{}", answer.text());
                    tries.fetch_add(1, Relaxed);
                }
            });
        }
        std::thread::sleep(Duration::from_secs(2));
        let mut connection = Connection::open(&server.address);
        let began = (Instant::now(), tries.load(Relaxed), server.cpu());
        waiting("discovery", || {
            let answer = connection.send("GET", "/.well-known/openid-configuration", &[], "");
            assert_eq!(answer.status, 200);
        });
        for (what, client, body) in [
            ("introspection, JWT of a person", SHOP, &jwt),
            ("introspection, opaque", VAULT, &opaque),
        ] {
            waiting(what, || {
                let answer = introspection::ask(&mut connection, client, body);
                assert!(answer.starts_with("{\"active\":true,"), "{answer}");
            });
        }
        is_over.store(true, Relaxed);
        let took = began.0.elapsed().as_secs_f64();
        let busy = (server.cpu() - began.2).as_secs_f64() / took;
        let rate = f64::from(tries.load(Relaxed) - began.1) / took;
        report("sign-ins tried meanwhile", rate, "/s", "");
        report("cores the server kept busy meanwhile", busy, "", "");
    });
}

fn waiting(what: &str, mut ask: impl FnMut()) {
    let mut times: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let began = Instant::now();
            ask();
            let took = began.elapsed();
            std::thread::sleep(Duration::from_millis(5));
            took
        })
        .collect();
    times.sort();
    let milliseconds = |rank: usize| times[rank].as_secs_f64() * 1e3;
    let note = format!(
        "wall, median; 95 of 100 within {:.1} ms",
        milliseconds(ASKED * 95 / 100)
    );
    report(what, milliseconds(ASKED / 2), "ms", &note);
}
