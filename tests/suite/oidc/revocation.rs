//! `/auth/oauth2/revoke` and `/auth/oauth2/introspect`.

use super::{Bench, SECRET};
use crate::harness::{RelyingParty, Reply, TestDb};

both_databases!(
    a_revoked_token_is_dead_at_once,
    tokens_of_others_are_neither_shown_nor_touched,
);

async fn introspect(client: &RelyingParty, token: &str) -> Reply {
    let reply = client
        .post("introspection_endpoint", &[("token", token)])
        .await;
    reply.expect_status(200)
}

async fn is_active(client: &RelyingParty, token: &str) -> bool {
    introspect(client, token).await.json()["active"] == true
}

async fn a_revoked_token_is_dead_at_once(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    for which in ["access", "refresh"] {
        let (_, tokens) = bench.tokens(&intranet).await;
        let refresh_token = tokens.refresh_token.unwrap();
        let known = introspect(&intranet, &tokens.access_token).await.json();
        assert_eq!(known["active"], true);
        assert_eq!(known["client_id"], "intranet");
        assert_eq!(known["scope"], "email openid");
        assert!(is_active(&intranet, &refresh_token).await);

        let revoked = match which {
            "access" => &tokens.access_token,
            _ => &refresh_token,
        };
        let reply = intranet
            .post("revocation_endpoint", &[("token", revoked)])
            .await;
        reply.expect_status(200);

        assert!(!is_active(&intranet, &tokens.access_token).await);
        assert!(!is_active(&intranet, &refresh_token).await);
        intranet
            .userinfo(&tokens.access_token)
            .await
            .expect_status(401);
        let refreshed = intranet.refresh(&refresh_token).await;
        refreshed.expect_error("invalid_grant");
    }
    // It stays an answer of 200 for what is no token (any more).
    for token in ["made-up", ""] {
        let reply = intranet
            .post("revocation_endpoint", &[("token", token), ("x", "y")])
            .await;
        let status = if token.is_empty() { 400 } else { 200 };
        reply.expect_status(status);
    }
    // A token that was replaced gets nobody anything.
    let (_, tokens) = bench.tokens(&intranet).await;
    let replaced = tokens.refresh_token.unwrap();
    intranet.refresh(&replaced).await.tokens();
    assert!(!is_active(&intranet, &replaced).await);
    // What cannot be revoked is not said to be.
    let reporter = bench.reporter().await;
    let own = reporter.client_credentials("reports.read").await.tokens();
    assert!(is_active(&reporter, &own.access_token).await);
    let reply = reporter
        .post("revocation_endpoint", &[("token", &own.access_token)])
        .await;
    reply.expect_error("unsupported_token_type");
}

async fn tokens_of_others_are_neither_shown_nor_touched(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let wiki = bench.wiki().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let refresh_token = tokens.refresh_token.clone().unwrap();
    let id_token = tokens.id_token.unwrap();
    for token in [&tokens.access_token, &refresh_token] {
        let theirs = introspect(&wiki, token).await;
        assert_eq!(theirs.body, r#"{"active":false}"#);
        wiki.post("revocation_endpoint", &[("token", token)])
            .await
            .expect_status(200);
    }
    assert!(!is_active(&intranet, &id_token).await);
    intranet
        .userinfo(&tokens.access_token)
        .await
        .expect_status(200);
    assert!(is_active(&intranet, &refresh_token).await);

    // Nobody asks without saying who they are.
    let token = format!("token={}", tokens.access_token);
    for path in ["/auth/oauth2/introspect", "/auth/oauth2/revoke"] {
        let anonymous = bench.post(path, &token).await;
        anonymous.expect_error("invalid_client");
        let query = format!("{path}?client_id=reporter&client_secret={SECRET}");
        bench
            .post(&query, &token)
            .await
            .expect_error("invalid_request");
    }
    let public = format!("{token}&client_id=phone");
    bench
        .post("/auth/oauth2/introspect", &public)
        .await
        .expect_error("invalid_client");
}
