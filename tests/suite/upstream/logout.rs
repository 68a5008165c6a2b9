//! The upstream signs somebody out (OpenID Connect Back-Channel Logout 1.0).

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Reply, TestDb, UPSTREAM_CLIENT, Upstream, Visitor, seconds, with_form};

both_databases!(
    a_logout_there_ends_the_session_that_came_from_it,
    a_logout_of_a_subject_ends_all_of_theirs,
    a_logout_token_that_does_not_hold_ends_nothing,
);

fn logout_claims(bench: &Bench) -> Value {
    json!({
        "iss": bench.up.issuer(),
        "aud": UPSTREAM_CLIENT,
        "iat": seconds(),
        "exp": seconds() + 120,
        "jti": "1",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

async fn send(bench: &Bench, token: &str) -> Reply {
    let path = "/auth/upstream/up/backchannel-logout";
    let request = bench.assay.request(Method::POST, path);
    Reply::to(with_form(request, &[("logout_token", token)])).await
}

/// Signs somebody in whose session there has this `sid`.
async fn signed_in(bench: &Bench, subject: &str, sid: &str) -> Visitor {
    bench.up.behave(|up| {
        up.claims["sub"] = json!(subject);
        up.claims["email"] = json!(format!("{subject}@example.com"));
        up.claims["sid"] = json!(sid);
    });
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    assert!(bench.signed_in(&mut visitor).await.is_some());
    visitor
}

async fn a_logout_there_ends_the_session_that_came_from_it(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut here = signed_in(&bench, "ada", "s1").await;
    let mut there = signed_in(&bench, "ada", "s2").await;
    let mut claims = logout_claims(&bench);
    claims["sid"] = json!("s1");
    let token = bench.up.sign("logout+jwt", &claims);

    let reply = send(&bench, &token).await.expect_status(200);

    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(bench.signed_in(&mut here).await, None);
    assert!(bench.signed_in(&mut there).await.is_some());
    let events = bench.audit("upstream.logout").await;
    assert_eq!(events[0]["detail"], json!({ "upstream": "up", "ended": 1 }));

    // Said again, it ends nothing more.
    send(&bench, &token).await.expect_status(200);
    assert!(bench.signed_in(&mut there).await.is_some());
}

async fn a_logout_of_a_subject_ends_all_of_theirs(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut one = signed_in(&bench, "ada", "s1").await;
    let mut two = signed_in(&bench, "ada", "s2").await;
    let mut grace = signed_in(&bench, "grace", "s3").await;
    // A session that was begun anew under another token is still the one that came from there.
    let request = bench.leave(&mut grace, "/auth/account?again").await;
    grace.open(&bench.up.answer(&request)).await.page();
    let mut claims = logout_claims(&bench);
    claims["sub"] = json!("ada");
    send(&bench, &bench.up.sign("JWT", &claims))
        .await
        .expect_status(200);

    assert_eq!(bench.signed_in(&mut one).await, None);
    assert_eq!(bench.signed_in(&mut two).await, None);
    assert!(bench.signed_in(&mut grace).await.is_some());

    claims["sub"] = json!("grace");
    claims["sid"] = json!("s3");
    send(&bench, &bench.up.sign("logout+jwt", &claims))
        .await
        .expect_status(200);
    assert_eq!(bench.signed_in(&mut grace).await, None);
}

type Wrong = (&'static str, fn(&mut Value));

async fn a_logout_token_that_does_not_hold_ends_nothing(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = signed_in(&bench, "ada", "s1").await;
    let wrongs: [Wrong; 13] = [
        ("another issuer", |claims| {
            claims["iss"] = json!("https://evil.example");
        }),
        ("another audience", |claims| claims["aud"] = json!("other")),
        ("no audience", |claims| claims["aud"] = Value::Null),
        ("no iat", |claims| claims["iat"] = Value::Null),
        ("expired", |claims| claims["exp"] = json!(seconds() - 60)),
        ("old and without an end", |claims| {
            claims["iat"] = json!(seconds() - 600);
            claims.as_object_mut().unwrap().remove("exp");
        }),
        ("from the future", |claims| {
            claims["iat"] = json!(seconds() + 600);
        }),
        ("no events", |claims| claims["events"] = Value::Null),
        ("another event", |claims| {
            claims["events"] = json!({ "http://other": {} });
        }),
        ("a nonce", |claims| claims["nonce"] = json!("n")),
        ("no jti", |claims| claims["jti"] = Value::Null),
        ("nobody", |claims| claims["sid"] = Value::Null),
        ("another sub", |claims| claims["sub"] = json!("grace")),
    ];
    for (what, wrong) in wrongs {
        let mut claims = logout_claims(&bench);
        claims["sid"] = json!("s1");
        wrong(&mut claims);
        let reply = send(&bench, &bench.up.sign("logout+jwt", &claims)).await;
        // One that is right, but of no session, is taken and ends none.
        let status = if what == "another sub" { 200 } else { 400 };
        assert_eq!(reply.status.as_u16(), status, "{what}: {reply:#?}");
        assert!(bench.signed_in(&mut visitor).await.is_some(), "{what}");
    }
    let mut claims = logout_claims(&bench);
    claims["sid"] = json!("s1");
    let stranger = Upstream::start().await;
    for token in [
        stranger.sign("logout+jwt", &claims),
        bench.up.sign("at+jwt", &claims),
        String::from("no token"),
        String::new(),
    ] {
        send(&bench, &token).await.expect_status(400);
    }
    assert!(bench.signed_in(&mut visitor).await.is_some());
    // So that what is refused above is refused for what is wrong in it.
    send(&bench, &bench.up.sign("logout+jwt", &claims))
        .await
        .expect_status(200);
    assert_eq!(bench.signed_in(&mut visitor).await, None);
}
