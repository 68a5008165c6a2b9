//! What a token is, asked by the client it was given to.

use crate::{
    heading,
    http::Connection,
    process::Server,
    provider::{Browser, Client, FORM, SHOP, VAULT},
    report,
};

const REQUESTS: u32 = 5_000;

pub fn run(server: &Server) {
    heading("Introspection (SQLite)");
    let mut browser = Browser::signed_in(server);
    for (kind, client) in [("JWT", SHOP), ("opaque", VAULT)] {
        let own = own_token(server, client);
        let cost = of(server, client, &own);
        report(&format!("{kind}, of a client itself"), cost, "us", "");
        let persons = browser.tokens(client).access_token;
        let cost = of(server, client, &persons);
        report(&format!("{kind}, of a person"), cost, "us", "");
    }
}

/// CPU microseconds of one introspection of this token, which is alive.
pub fn of(server: &Server, client: Client, token: &str) -> f64 {
    let mut connection = Connection::open(&server.address);
    let body = format!("token={token}");
    server.per_operation(REQUESTS, || {
        let answer = ask(&mut connection, client, &body);
        assert!(answer.starts_with("{\"active\":true,"), "{answer}");
    })
}

pub fn ask(connection: &mut Connection, client: Client, body: &str) -> String {
    let headers = [client.basic, FORM];
    connection
        .send("POST", "/auth/oauth2/introspect", &headers, body)
        .text()
}

/// A token of the client itself.
pub fn own_token(server: &Server, client: Client) -> String {
    let headers = [client.basic, FORM];
    let body = "grant_type=client_credentials";
    Connection::open(&server.address)
        .send("POST", "/auth/token", &headers, body)
        .member("access_token")
}
