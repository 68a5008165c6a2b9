//! What a client may see of the person.

use crate::{
    heading,
    process::Server,
    provider::{Browser, Client, SHOP, VAULT},
    report,
};

const REQUESTS: u32 = 5_000;

pub fn run(server: &Server) {
    heading("Userinfo (SQLite)");
    let mut browser = Browser::signed_in(server);
    for (kind, client) in [("JWT", SHOP), ("opaque", VAULT)] {
        let cost = with_token_of(server, &mut browser, client);
        report(
            &format!("userinfo with a token that is {kind}"),
            cost,
            "us",
            "",
        );
    }
}

/// CPU microseconds of one answer.
pub fn with_token_of(server: &Server, browser: &mut Browser, client: Client) -> f64 {
    let token = browser.tokens(client).access_token;
    let bearer = format!("authorization: Bearer {token}");
    server.per_request(REQUESTS, "GET", "/auth/userinfo", &[&bearer], "")
}
