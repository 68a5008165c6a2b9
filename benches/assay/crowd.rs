//! Many people at once, and among many.

use std::sync::Barrier;

use crate::{
    database::Engine,
    heading, million,
    process::Server,
    provider::{self, Browser, FORM},
    report, sign_in,
};

const AT_ONCE: usize = 200;
const PEOPLE: u32 = 1_000_000;

/// They all come from one address and are one person.
const NO_LIMITS: &str = "
apiVersion: assay/v1
kind: Module
metadata: { name: password }
spec:
  settings:
    signInLimits:
      account: { tries: 100000, window: 1h, longestWait: 1s }
      address: { tries: 100000, window: 1h, longestWait: 1s }
";

/// As many as this sign in at the same moment, each at a browser of their own.
pub fn run(engine: Engine) {
    heading(&format!("{AT_ONCE} sign-ins at once ({engine:?})"));
    let installation = provider::installation_with(engine, NO_LIMITS);
    let server = &Server::start(&installation);
    let start = Barrier::new(AT_ONCE);
    let answers: Vec<(u16, bool)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut browser = Browser::new(server);
                    let form = browser.filled_in();
                    start.wait();
                    let answer = browser.send("POST", "/auth/login", &[FORM], &form);
                    let is_told_when = answer.header("retry-after").is_some();
                    (answer.status, is_told_when)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let signed_in = answers.iter().filter(|(status, _)| *status == 303).count();
    let sent_away = answers
        .iter()
        .filter(|answer| **answer == (503, true))
        .count();
    assert_eq!(signed_in + sent_away, AT_ONCE, "{answers:?}");
    report(
        "signed in",
        signed_in as f64,
        "",
        "the others are told 503 and when to come back",
    );
    let (_, peak) = server.memory();
    report("the most memory", peak, "MB", "aim: under 300");
}

/// A sign-in where there are as many accounts as this, against one where there is one.
pub fn among_many() {
    heading(&format!("Sign-in among {PEOPLE} people (SQLite)"));
    let installation = provider::installation(Engine::Sqlite);
    let alone = sign_in::with_password(&Server::start(&installation));
    million::fill_in(&installation, &[million::people(PEOPLE)]);
    let among = sign_in::with_password(&Server::start(&installation));
    let note = format!("{:.2} x alone", among / alone);
    report("a sign-in with a password", among, "us", &note);
}
