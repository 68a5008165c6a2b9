//! Signing in with a password, and knowing afterwards who it is.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::{
    bare,
    database::Engine,
    heading,
    process::Server,
    provider::{Browser, FORM},
    report,
};

const SIGN_INS: u32 = 50;
const REQUESTS: u32 = 5_000;

pub fn run(server: &Server, engine: Engine) {
    heading(&format!("Sign-in with a password ({engine:?})"));
    let (hash, sign_in) = bare::around(argon2id, || with_password(server));
    report("a bare Argon2id hash, 19 MiB, two passes", hash, "us", "");
    let note = format!("{:.2} x that", sign_in / hash);
    report("a sign-in at a known browser", sign_in, "us", &note);

    let mut browser = Browser::signed_in(server);
    let known = of_a_visitor(&mut browser, server);
    let jwks = server.per_request(REQUESTS, "GET", "/.well-known/jwks.json", &[], "");
    report("a redirect by who is signed in", known, "us", "");
    let note = "that less a document that is ready";
    report(
        "a session check: cookie to person",
        known - jwks,
        "us",
        note,
    );
}

/// CPU microseconds of one hash.
fn argon2id() -> f64 {
    let params = Params::new(19_456, 2, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    bare::each(20, || {
        argon2
            .hash_password_into(b"correct horse battery ada", &[7; 16], &mut hash)
            .unwrap();
    })
}

/// CPU microseconds of one sign-in after the page is shown.
pub fn with_password(server: &Server) -> f64 {
    let mut browser = Browser::signed_in(server);
    browser.forget("assay_session");
    let form = browser.filled_in();
    server.per_operation(SIGN_INS, || {
        let answer = browser.send("POST", "/auth/login", &[FORM], &form);
        assert_eq!(answer.status, 303, "{}", answer.text());
    })
}

fn of_a_visitor(browser: &mut Browser, server: &Server) -> f64 {
    server.per_operation(REQUESTS, || {
        let answer = browser.send("GET", "/auth/login", &[], "");
        assert_eq!(answer.status, 303, "{}", answer.text());
    })
}
