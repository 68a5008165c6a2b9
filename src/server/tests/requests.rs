use super::fixture::{Client, start};
use crate::{server::limits, store::testing::TestDb};

#[tokio::test]
async fn every_response_names_its_generation_and_protects_the_browser() {
    let running = start(&TestDb::sqlite()).await;
    let mut client = Client::connect(running.address).await;
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/passkey/start",
        "/nowhere",
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.header("assay-generation"), Some("1"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
        assert!(reply.header("strict-transport-security").is_some());
        assert!(reply.header("content-security-policy").is_some());
        assert!(reply.header("x-request-id").is_some());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    running.server.stop().await;
}

#[tokio::test]
async fn what_is_not_served_is_a_problem_document() {
    let running = start(&TestDb::sqlite()).await;
    let mut client = Client::connect(running.address).await;
    let missing = client.get("/nowhere").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["type"], "urn:assay:problem:not-found");
    assert_eq!(
        missing.header("content-type"),
        Some("application/problem+json")
    );
    let method = client
        .send("DELETE /passkey/start HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    assert_eq!(method.status, 405);
    assert_eq!(method.header("allow"), Some("GET,HEAD"));
    assert_eq!(
        method.json()["type"],
        "urn:assay:problem:method-not-allowed"
    );
    for path in [
        "/passkey//start",
        "/x/../passkey/start",
        "/passkey/%2e%2e/x",
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.json()["type"], "urn:assay:problem:ambiguous-path");
    }
    running.server.stop().await;
}

#[tokio::test]
async fn a_panic_ends_one_request_and_nothing_else() {
    let running = start(&TestDb::sqlite()).await;
    let mut client = Client::connect(running.address).await;
    let reply = client.get("/session/panic").await;
    assert_eq!(reply.status, 500);
    assert_eq!(reply.json()["type"], "urn:assay:problem:internal");
    assert!(!reply.body.contains("for the test"), "{}", reply.body);
    assert_eq!(client.get("/healthz").await.status, 200);
    running.server.stop().await;
}

#[tokio::test]
async fn a_request_has_limits() {
    let running = start(&TestDb::sqlite()).await;
    let ask = async |request: String| {
        let mut client = Client::connect(running.address).await;
        client.send(&request).await
    };
    let headers = "x: y\r\n".repeat(limits::HEADER_COUNT + 1);
    let many = ask(format!("GET /healthz HTTP/1.1\r\n{headers}\r\n")).await;
    assert_eq!(many.status, 431);

    let long = "y".repeat(limits::HEADER_BYTES);
    let long = ask(format!("GET /healthz HTTP/1.1\r\nx: {long}\r\n\r\n")).await;
    assert_eq!(long.status, 431);

    let length = limits::BODY_BYTES + 1;
    let huge = ask(format!(
        "POST /session/echo HTTP/1.1\r\ncontent-length: {length}\r\n\r\n"
    ))
    .await;
    assert_eq!(huge.status, 413);
    assert_eq!(huge.json()["limit"], limits::BODY_BYTES);

    let twice = ask(
        "POST /session/echo HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"
            .to_owned(),
    )
    .await;
    assert_eq!(twice.status, 400);

    // What a client says of other clients is not asked for.
    let echo = ask(
        "POST /session/echo HTTP/1.1\r\nx-forwarded-host: evil\r\ncontent-length: 2\r\n\r\nok"
            .to_owned(),
    )
    .await;
    assert_eq!((echo.status, echo.body.as_str()), (200, "ok"));
    running.server.stop().await;
}

#[tokio::test]
async fn metrics_have_templates_and_never_paths() {
    let running = start(&TestDb::sqlite()).await;
    let mut client = Client::connect(running.address).await;
    for path in ["/passkey/one", "/passkey/two", "/nowhere/three"] {
        client.get(path).await;
    }
    client
        .send("BREW /passkey/one HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    let metrics = client.get("/metrics").await.body;
    for line in [
        r#"assay_http_requests_total{method="GET",route="/passkey/{step}",status="200"} 2"#,
        r#"assay_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"assay_http_requests_total{method="OTHER",route="none",status="405"} 1"#,
        "assay_generation 1",
        "assay_http_connections 1",
    ] {
        assert!(
            metrics.lines().any(|each| each == line),
            "{line}\n{metrics}"
        );
    }
    assert!(!metrics.contains("three") && !metrics.contains("BREW"));
    running.server.stop().await;
}

#[tokio::test]
async fn shutting_down_lets_requests_end_and_takes_no_more() {
    let running = start(&TestDb::sqlite()).await;
    let mut busy = Client::connect(running.address).await;
    let mut idle = Client::connect(running.address).await;
    idle.get("/healthz").await;
    busy.write("GET /session/slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    // Until the request is under way.
    loop {
        let metrics = idle.get("/metrics").await.body;
        if metrics.contains("assay_http_requests_in_flight 2") {
            break;
        }
    }
    let (reply, ()) = tokio::join!(busy.read(), running.server.stop());
    assert_eq!((reply.status, reply.body.as_str()), (200, "slow"));
    assert!(
        tokio::net::TcpStream::connect(running.address)
            .await
            .is_err()
    );
}
