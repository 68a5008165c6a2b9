//! Opaque access tokens: whoever asks about one is told what a JWT would say.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{RelyingParty, Reply, TestDb, Tokens};

both_databases!(
    an_opaque_token_says_what_a_jwt_would,
    an_opaque_token_ends_with_what_it_rests_on,
    an_opaque_token_of_a_client_ends_when_it_gives_it_back,
    opaque_tokens_are_exchanged_and_given_in_exchange,
    only_an_opaque_token_of_ours_is_taken,
);

const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: vault }
spec:
  displayName: Vault
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials]
  scopes: [openid, email, vault.read]
  consent: implicit
  accessTokenFormat: opaque
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: porter }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: [client_credentials, "urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, email, vault.read]
  accessTokenFormat: opaque
  tokenExchange:
    subjects: [vault]
    audiences: [shelves]
    impersonation: true
"#;

async fn vault(bench: &Bench) -> RelyingParty {
    bench.client("vault", "openid email").await
}

async fn introspect(client: &RelyingParty, token: &str) -> Value {
    let reply = client
        .post("introspection_endpoint", &[("token", token)])
        .await;
    reply.expect_status(200).json()
}

async fn revoke(client: &RelyingParty, token: &str) -> Reply {
    client
        .post("revocation_endpoint", &[("token", token)])
        .await
}

async fn expect_alive(client: &RelyingParty, token: &str) {
    assert_eq!(introspect(client, token).await["active"], true);
    client.userinfo(token).await.expect_status(200);
}

async fn expect_dead(client: &RelyingParty, token: &str) {
    assert_eq!(
        introspect(client, token).await,
        json!({ "active": false }),
        "{token}"
    );
    let refused = client.userinfo(token).await.expect_status(401);
    refused.expect_error("invalid_token");
}

fn names(answer: &Value) -> Vec<&String> {
    answer.as_object().unwrap().keys().collect()
}

async fn an_opaque_token_says_what_a_jwt_would(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let (vault, intranet) = (vault(&bench).await, bench.intranet().await);
    let (_, tokens) = bench.tokens(&vault).await;
    let token = &tokens.access_token;
    // No part of it can be read.
    assert!(token.starts_with("assay_at_"), "{token}");
    assert!(!token.contains('.') && token.len() < 60, "{token}");
    let person = vault.userinfo(token).await.expect_status(200).json();
    assert_eq!(person["email"], bench.ada.email);

    let (_, signed) = bench.tokens(&intranet).await;
    let opaque = introspect(&vault, token).await;
    let jwt = introspect(&intranet, &signed.access_token).await;
    assert_eq!(names(&opaque), names(&jwt));
    for same in ["active", "token_type", "iss", "sub", "aud", "scope"] {
        assert_eq!(opaque[same], jwt[same], "{same}");
    }
    assert_eq!(opaque["client_id"], "vault");
    // Nobody else learns that there is such a token.
    let nothing = json!({ "active": false });
    assert_eq!(introspect(&intranet, token).await, nothing);
    revoke(&intranet, token).await.expect_status(200);
    expect_alive(&vault, token).await;

    // Each refresh gives another, and so does one whose answer was lost.
    let refresh_token = tokens.refresh_token.unwrap();
    let second = vault.refresh(&refresh_token).await.tokens();
    let again = vault.refresh(&refresh_token).await.tokens();
    assert_eq!(again.refresh_token, second.refresh_token);
    for token in [token, &second.access_token, &again.access_token] {
        expect_alive(&vault, token).await;
    }
    assert_ne!(second.access_token, again.access_token);
}

/// The person's tokens at the client, just given.
async fn fresh(bench: &Bench, client: &RelyingParty) -> Tokens {
    let (_, tokens) = bench.tokens(client).await;
    expect_alive(client, &tokens.access_token).await;
    tokens
}

async fn an_opaque_token_ends_with_what_it_rests_on(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let vault = vault(&bench).await;

    // Giving back any token of a grant ends all of them.
    let tokens = fresh(&bench, &vault).await;
    let refresh_token = tokens.refresh_token.unwrap();
    let second = vault.refresh(&refresh_token).await.tokens();
    revoke(&vault, &second.access_token)
        .await
        .expect_status(200);
    expect_dead(&vault, &tokens.access_token).await;
    expect_dead(&vault, &second.access_token).await;
    let refreshed = vault.refresh(&second.refresh_token.unwrap()).await;
    refreshed.expect_error("invalid_grant");
    let tokens = fresh(&bench, &vault).await;
    revoke(&vault, &tokens.refresh_token.unwrap())
        .await
        .expect_status(200);
    expect_dead(&vault, &tokens.access_token).await;

    // A code that comes twice.
    let authorization = vault.authorization();
    let code = bench.code(&vault, &authorization).await;
    let tokens = vault.redeem(&code, &authorization).await.tokens();
    expect_alive(&vault, &tokens.access_token).await;
    let twice = vault.redeem(&code, &authorization).await;
    twice.expect_error("invalid_grant");
    expect_dead(&vault, &tokens.access_token).await;

    // The session.
    let (mut visitor, tokens) = bench.tokens(&vault).await;
    let account = visitor.open(&bench.assay.url("/auth/account")).await.page();
    let sign_out = account
        .forms()
        .into_iter()
        .find(|form| form.action.path().ends_with("sign-out"))
        .unwrap();
    visitor.submit(&sign_out).await.page();
    expect_dead(&vault, &tokens.access_token).await;

    // Its time.
    let tokens = fresh(&bench, &vault).await;
    let expired = bench
        .assay
        .db()
        .alter(
            &bench.assay.folder().join("data"),
            "UPDATE oidc_access_tokens SET expires_at = 1",
        )
        .await;
    assert!(expired > 0);
    expect_dead(&vault, &tokens.access_token).await;

    // The person.
    let tokens = fresh(&bench, &vault).await;
    let sub = introspect(&vault, &tokens.access_token).await["sub"].clone();
    let path = format!("/auth/admin/auth/users/{}", sub.as_str().unwrap());
    for state in ["disabled", "active"] {
        let request = bench
            .assay
            .admin(Method::PATCH, &path)
            .header("content-type", "application/json")
            .body(json!({ "state": state }).to_string());
        assert!(Reply::to(request).await.status.is_success());
        expect_dead(&vault, &tokens.access_token).await;
    }

    // The client, also when it comes back.
    let tokens = fresh(&bench, &vault).await;
    for (from, to) in [
        ("displayName: Vault", "enabled: false"),
        ("displayName: Vault", "displayName: The vault"),
    ] {
        let changed = CLIENTS.replacen(from, to, 1);
        assert_ne!(changed, CLIENTS);
        bench.apply_more(&changed);
        let refused = vault.userinfo(&tokens.access_token).await;
        refused.expect_status(401).expect_error("invalid_token");
    }
    expect_dead(&vault, &tokens.access_token).await;
}

async fn an_opaque_token_of_a_client_ends_when_it_gives_it_back(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let vault = vault(&bench).await;
    let first = vault.client_credentials("vault.read").await.tokens();
    let second = vault.client_credentials("vault.read").await.tokens();
    let token = &first.access_token;
    assert!(token.starts_with("assay_ct_"), "{token}");
    let known = introspect(&vault, token).await;
    assert_eq!(known["sub"], "vault", "{known:#}");
    assert_eq!(known["scope"], "vault.read", "{known:#}");
    // It is nobody's.
    let refused = vault.userinfo(token).await.expect_status(403);
    refused.expect_error("insufficient_scope");
    // Unlike a JWT it can be given back, and nothing else with it.
    let intranet = bench.intranet().await;
    revoke(&intranet, token).await.expect_status(200);
    assert_eq!(introspect(&vault, token).await["active"], true);
    revoke(&vault, token).await.expect_status(200);
    expect_dead(&vault, token).await;
    assert_eq!(
        introspect(&vault, &second.access_token).await["active"],
        true
    );
}

async fn opaque_tokens_are_exchanged_and_given_in_exchange(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let vault = vault(&bench).await;
    let porter = bench.client("porter", "openid").await;
    let tokens = fresh(&bench, &vault).await;
    let exchange = async |token: &str| {
        porter
            .token(&[
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                ("subject_token", token),
                (
                    "subject_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                ),
            ])
            .await
    };
    let exchanged = exchange(&tokens.access_token).await.tokens();
    let known = introspect(&porter, &exchanged.access_token).await;
    assert_eq!(known["aud"], "shelves", "{known:#}");
    assert_eq!(known["client_id"], "porter", "{known:#}");
    let before = introspect(&vault, &tokens.access_token).await;
    assert_eq!(known["sub"], before["sub"]);
    // It is for another, not for us.
    porter
        .userinfo(&exchanged.access_token)
        .await
        .expect_status(401);
    // It ends alone,
    revoke(&porter, &exchanged.access_token)
        .await
        .expect_status(200);
    expect_dead(&porter, &exchanged.access_token).await;
    expect_alive(&vault, &tokens.access_token).await;
    // or with what it was given for.
    let exchanged = exchange(&tokens.access_token).await.tokens();
    revoke(&vault, &tokens.access_token)
        .await
        .expect_status(200);
    expect_dead(&porter, &exchanged.access_token).await;
    exchange(&tokens.access_token)
        .await
        .expect_error("invalid_request");
}

async fn only_an_opaque_token_of_ours_is_taken(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let vault = vault(&bench).await;
    let tokens = fresh(&bench, &vault).await;
    let token = &tokens.access_token;
    let own = vault.client_credentials("vault.read").await.tokens();
    let secret = token.strip_prefix("assay_at_").unwrap();
    for forged in [
        token[..token.len() - 1].to_owned(),
        format!("{token}x"),
        token.to_uppercase(),
        secret.to_owned(),
        format!("assay_ct_{secret}"),
        format!("assay_rt_{secret}"),
        own.access_token.replace("assay_ct_", "assay_at_"),
        tokens.refresh_token.unwrap(),
        "assay_at_".to_owned(),
        "assay_at_' OR 1=1 --".to_owned(),
    ] {
        let refused = vault.userinfo(&forged).await.expect_status(401);
        refused.expect_error("invalid_token");
    }
    vault.userinfo(token).await.expect_status(200);
}
