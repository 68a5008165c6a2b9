use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

fn nothing() -> Networks {
    Networks::default()
}

fn loopback() -> Networks {
    Networks::new(["127.0.0.0/8".parse().unwrap()].into())
}

/// A server that gives each caller these bytes.
async fn server(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[test]
fn only_addresses_of_everybody_are_permitted() {
    let permits = |networks: &Networks, address: &str| networks.permits(address.parse().unwrap());
    for private in [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:db8::1",
        "ff02::1",
    ] {
        assert!(!permits(&nothing(), private), "{private}");
    }
    for public in [
        "1.1.1.1",
        "172.32.0.1",
        "2606:4700::1111",
        "64:ff9b::101:101",
    ] {
        assert!(permits(&nothing(), public), "{public}");
    }
    assert!(permits(&loopback(), "127.0.0.1"));
    assert!(permits(&loopback(), "::ffff:127.0.0.1"));
    assert!(!permits(&loopback(), "10.0.0.1"));
}

#[tokio::test]
async fn a_private_address_is_not_asked_however_it_is_written() {
    let outgoing = Outgoing::new().unwrap();
    let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let port = address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("https://{host}:{port}/keys");
        let error = outgoing.get(&nothing(), &url, 1_000).await.unwrap_err();
        assert!(
            matches!(error, OutgoingError::Private(_)),
            "{host}: {error}"
        );
    }
    let plain = format!("http://127.0.0.1:{port}/keys");
    let fetched = outgoing.get(&loopback(), &plain, 1_000).await.unwrap();
    assert_eq!(fetched.body, b"{}");
    let error = outgoing
        .get(&nothing(), "http://example.com/", 9)
        .await
        .unwrap_err();
    assert!(matches!(error, OutgoingError::Insecure(_)), "{error}");
    let error = outgoing
        .get(&nothing(), "file:///etc/passwd", 9)
        .await
        .unwrap_err();
    assert!(matches!(error, OutgoingError::NotWeb(_)), "{error}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let outgoing = Outgoing::new().unwrap();
    let address =
        server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
            .await;
    let error = outgoing
        .get(&loopback(), &format!("http://{address}/"), 1_000)
        .await
        .unwrap_err();
    assert!(
        matches!(error, OutgoingError::Status { status, .. } if status == 302),
        "{error}"
    );
}

#[tokio::test]
async fn more_than_was_asked_for_is_not_read() {
    let outgoing = Outgoing::new().unwrap();
    let address = server("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n\r\n0123456789").await;
    let url = format!("http://{address}/?secret=1");
    let error = outgoing.get(&loopback(), &url, 9).await.unwrap_err();
    assert!(
        matches!(error, OutgoingError::TooLong { limit: 9, .. }),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_form_is_posted_and_its_status_told() {
    let outgoing = Outgoing::new().unwrap();
    let address = server("HTTP/1.1 204 No Content\r\n\r\n").await;
    let status = outgoing
        .post_form(
            &loopback(),
            &format!("http://{address}/"),
            &[("logout_token", "x")],
        )
        .await
        .unwrap();
    assert_eq!(status, 204);
}

#[tokio::test]
async fn keys_are_fetched_once_and_survive_a_failure() {
    let outgoing = Outgoing::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await;
        let body = r#"{"keys":[]}"#;
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    outgoing.keys(&loopback(), &url, None).await.unwrap();
    serving.await.unwrap();
    // Nobody listens any more: a second request would fail.
    outgoing.keys(&loopback(), &url, None).await.unwrap();
    outgoing
        .keys(&loopback(), &url, Some("unknown"))
        .await
        .unwrap();

    let error = outgoing
        .keys(&loopback(), "http://127.0.0.1:1/", None)
        .await
        .unwrap_err();
    assert!(
        matches!(error, OutgoingError::Unreachable { .. }),
        "{error}"
    );
}
