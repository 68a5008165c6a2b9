//! The main job at the level of HTTP: a client signs a person in, and gets what it asked for.

use crate::harness::{Assay, ClientAuthentication, Manifests, Registration, TestDb};

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const CALLBACK: &str = "https://wiki.example.com/callback";

both_databases!(
    a_client_signs_a_person_in_and_gets_what_it_asked_for,
    a_code_that_is_used_twice_revokes_what_it_gave,
    a_wrong_secret_gets_nothing,
    a_client_acts_for_itself,
);

fn manifests() -> Manifests {
    Manifests::new().file(
        "clients.yaml",
        "apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  displayName: Wiki
  clientType: confidential
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, profile, email, offline_access]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: reporter }
spec:
  displayName: Reporter
  clientType: confidential
  clientSecret: { fromEnv: WIKI_SECRET }
  tokenEndpointAuthMethod: client_secret_post
  grantTypes: [client_credentials]
  scopes: [reports.read]
",
    )
}

async fn start(db: TestDb) -> Assay {
    Assay::with(db)
        .env("WIKI_SECRET", SECRET)
        .manifests(&manifests())
        .start()
        .await
}

fn wiki() -> Registration {
    Registration::confidential("wiki", SECRET, CALLBACK)
        .scope("openid profile email offline_access")
}

async fn a_client_signs_a_person_in_and_gets_what_it_asked_for(db: TestDb) {
    let assay = start(db).await;
    let ada = assay.user("ada");
    let wiki = assay.relying_party(wiki()).await;

    let tokens = wiki.sign_in(&mut assay.visitor(), &ada).await;

    let id_token = tokens.id_token.as_deref().expect("an ID token");
    let subject = wiki.id_token_claims(id_token).await["sub"].clone();
    let person = wiki.userinfo(&tokens.access_token).await;
    let person = person.expect_status(200).json();
    assert_eq!(person["sub"], subject);
    assert_eq!(person["email"], ada.email);

    let refresh_token = tokens.refresh_token.expect("a refresh token");
    let fresh = wiki.refresh(&refresh_token).await.tokens();
    assert_ne!(fresh.access_token, tokens.access_token);
    wiki.userinfo(&fresh.access_token).await.expect_status(200);
}

async fn a_code_that_is_used_twice_revokes_what_it_gave(db: TestDb) {
    let assay = start(db).await;
    let ada = assay.user("ada");
    let wiki = assay.relying_party(wiki()).await;
    let authorization = wiki.authorization();
    let callback = assay.visitor().sign_in(&authorization.url(), &ada).await;
    let code = wiki.code_in(&callback, &authorization);
    let tokens = wiki.redeem(&code, &authorization).await.tokens();

    let again = wiki.redeem(&code, &authorization).await;

    again.expect_error("invalid_grant");
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    let refresh_token = tokens.refresh_token.expect("a refresh token");
    let refreshed = wiki.refresh(&refresh_token).await;
    refreshed.expect_error("invalid_grant");
}

async fn a_wrong_secret_gets_nothing(db: TestDb) {
    let assay = start(db).await;
    let impostor = Registration::confidential("wiki", "a guess", CALLBACK);
    let impostor = assay.relying_party(impostor).await;
    let authorization = impostor.authorization();

    let reply = impostor.redeem("no code at all", &authorization).await;

    reply.expect_status(401).expect_error("invalid_client");
}

async fn a_client_acts_for_itself(db: TestDb) {
    let assay = start(db).await;
    let reporter = Registration::confidential("reporter", SECRET, CALLBACK)
        .authentication(ClientAuthentication::Post);
    let reporter = assay.relying_party(reporter).await;

    let tokens = reporter.client_credentials("reports.read").await.tokens();

    assert_eq!(tokens.scope.as_deref(), Some("reports.read"));
    // RFC 6749 section 4.4.3: the client can ask again; there is nothing to refresh.
    assert_eq!(tokens.refresh_token, None);
    assert_eq!(tokens.id_token, None);
}
