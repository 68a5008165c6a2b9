//! A code becomes an ID token, an access token and a refresh token, beside its two signatures and one
//! commit.

use crate::{
    bare,
    database::Installation,
    heading,
    http::Connection,
    process::Server,
    provider::{Browser, FORM, SHOP, redemption},
};

pub fn run(installation: &Installation, server: &Server) {
    heading("Code redemption (SQLite)");
    let mut browser = Browser::signed_in(server);
    bare::beside_two_signatures_and_a_commit(
        installation.path(),
        "code to ID, access and refresh token, RS256",
        || redeem(server, &mut browser),
    );
}

/// CPU microseconds of one redemption.
pub fn redeem(server: &Server, browser: &mut Browser) -> f64 {
    let mut connection = Connection::open(&server.address);
    let headers = [SHOP.basic, FORM];
    let mut rounds = Vec::new();
    for round in 0..6 {
        let forms: Vec<String> = (0..100).map(|_| redemption(&browser.code(SHOP))).collect();
        let before = server.cpu();
        for form in &forms {
            let answer = connection.send("POST", "/auth/token", &headers, form);
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        // The first one only warms up.
        if round > 0 {
            rounds.push((server.cpu() - before).as_secs_f64() * 1e6 / 100.0);
        }
    }
    rounds.sort_by(f64::total_cmp);
    rounds[2]
}
