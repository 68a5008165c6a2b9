//! Calls from applications in a browser.

use reqwest::Method;

use super::Bench;
use crate::harness::{Reply, TestDb};

both_databases!(
    only_registered_origins_may_read_answers,
    clients_without_openid_find_the_same_document,
);

async fn only_registered_origins_may_read_answers(db: TestDb) {
    let bench = Bench::on(db).await;
    let call = async |method: Method, path: &str, origin: &str| {
        let request = bench
            .assay
            .request(method, path)
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        Reply::to(request).await
    };
    let allowed = |reply: &Reply| {
        reply
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    let own = "https://phone.example.com";
    for path in [
        "/auth/token",
        "/auth/userinfo",
        "/auth/oauth2/revoke",
        "/auth/oauth2/par",
    ] {
        let preflight = call(Method::OPTIONS, path, own).await.expect_status(204);
        assert_eq!(allowed(&preflight).as_deref(), Some(own), "{path}");
        let preflight = call(Method::OPTIONS, path, "https://evil.example").await;
        assert_eq!(allowed(&preflight), None, "{path}");
        let answer = call(Method::POST, path, own).await;
        assert_eq!(allowed(&answer).as_deref(), Some(own), "{path}");
        // Never with cookies.
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let answer = call(Method::POST, path, "null").await;
        assert_eq!(allowed(&answer), None, "{path}");
    }
    for path in ["/auth/authorize", "/auth/login", "/auth/oauth2/introspect"] {
        let answer = call(Method::GET, path, own).await;
        assert_eq!(allowed(&answer), None, "{path}");
    }
    let discovery = bench.assay.get("/.well-known/openid-configuration").await;
    assert_eq!(allowed(&discovery).as_deref(), Some("*"));
    let etag = discovery.header("etag").unwrap();
    let again = bench
        .assay
        .request(Method::GET, "/auth/.well-known/openid-configuration")
        .header("if-none-match", etag);
    Reply::to(again).await.expect_status(304);
}

async fn clients_without_openid_find_the_same_document(db: TestDb) {
    let bench = Bench::on(db).await;
    let discovery = bench
        .assay
        .get("/auth/.well-known/openid-configuration")
        .await;
    // RFC 8414 3.1: the path of the issuer comes last.
    let path = "/.well-known/oauth-authorization-server/auth";
    let metadata = bench.assay.get(path).await.expect_status(200);
    assert_eq!(metadata.body, discovery.body);
    assert_eq!(metadata.header("etag"), discovery.header("etag"));
    for elsewhere in [
        "/.well-known/oauth-authorization-server",
        "/auth/.well-known/oauth-authorization-server",
    ] {
        bench.assay.get(elsewhere).await.expect_status(404);
    }
}
