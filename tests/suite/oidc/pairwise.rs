//! Pairwise subjects (OpenID Connect Core 8): clients that do not belong together cannot find out that
//! they know the same person.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::{Value, json};

use super::{
    Bench,
    device::{self, Device},
};
use crate::harness::{LogoutReceiver, RelyingParty, TestDb, claims_of};

both_databases!(
    clients_of_one_sector_call_a_person_the_same,
    a_hint_names_the_person_as_the_client_does,
    a_logout_token_names_the_person_as_the_client_does,
    an_exchange_names_the_person_anew,
    a_subject_stays_the_same,
);

const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: clinic }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://clinic.example/callback]
  postLogoutRedirectUris: [https://clinic.example/bye]
  grantTypes: [authorization_code, refresh_token, "urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid, email]
  consent: implicit
  subjectType: pairwise
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: clinic-app }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://one.example/callback, https://two.example/callback]
  scopes: [openid, email]
  consent: implicit
  subjectType: pairwise
  sectorIdentifierUri: https://clinic.example/sector.json
  accessTokenFormat: opaque
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: bookshop }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://bookshop.example/callback]
  grantTypes: [authorization_code, client_credentials, "urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, email]
  consent: implicit
  subjectType: pairwise
  tokenExchange: { subjects: [bookshop, clinic], audiences: [shelves], impersonation: true }
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: clinic-page }
spec:
  clientType: public
  redirectUris: [https://clinic.example/page]
  grantTypes: [implicit]
  responseTypes: ["id_token token"]
  scopes: [openid]
  consent: implicit
  subjectType: pairwise
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: town }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://town.example/callback]
  scopes: [openid]
  consent: implicit
"#;

async fn at(bench: &Bench, client: &str, callback: &str) -> RelyingParty {
    let client = bench.client(client, "openid").await;
    client.registered(|mut registration| {
        callback.clone_into(&mut registration.redirect_uri);
        registration
    })
}

async fn clinic(bench: &Bench) -> RelyingParty {
    at(bench, "clinic", "https://clinic.example/callback").await
}

async fn bookshop(bench: &Bench) -> RelyingParty {
    at(bench, "bookshop", "https://bookshop.example/callback").await
}

async fn introspect(client: &RelyingParty, token: &str) -> Value {
    let reply = client
        .post("introspection_endpoint", &[("token", token)])
        .await;
    reply.expect_status(200).json()
}

/// What the client calls Ada, wherever it is told.
async fn subject(bench: &Bench, client: &RelyingParty) -> String {
    let (_, tokens) = bench.tokens(client).await;
    let id_token = client.id_token_claims(&tokens.id_token.unwrap()).await;
    let sub = id_token["sub"].as_str().unwrap().to_owned();
    let userinfo = client.userinfo(&tokens.access_token).await;
    assert_eq!(userinfo.expect_status(200).json()["sub"], sub);
    if tokens.access_token.contains('.') {
        assert_eq!(claims_of(&tokens.access_token)["sub"], sub);
    }
    for token in [Some(tokens.access_token), tokens.refresh_token.clone()] {
        let Some(token) = token else { continue };
        assert_eq!(introspect(client, &token).await["sub"], sub);
    }
    if let Some(refresh_token) = tokens.refresh_token {
        let tokens = client.refresh(&refresh_token).await.tokens();
        let id_token = client.id_token_claims(&tokens.id_token.unwrap()).await;
        assert_eq!(id_token["sub"], sub);
    }
    sub
}

async fn clients_of_one_sector_call_a_person_the_same(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let clinic = clinic(&bench).await;
    let types = json!(["public", "pairwise"]);
    assert_eq!(clinic.provider["subject_types_supported"], types);
    let app = at(&bench, "clinic-app", "https://two.example/callback").await;
    let bookshop = bookshop(&bench).await;
    let town = at(&bench, "town", "https://town.example/callback").await;
    let at_clinic = subject(&bench, &clinic).await;
    assert_eq!(subject(&bench, &app).await, at_clinic);
    let at_bookshop = subject(&bench, &bookshop).await;
    let public = subject(&bench, &town).await;
    assert_eq!(subject(&bench, &bench.intranet().await).await, public);
    let mut all = vec![&at_clinic, &at_bookshop, &public];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 3, "{all:?}");
    // The account's own number is in nothing that a client of a sector gets.
    let (_, tokens) = bench.tokens(&clinic).await;
    for token in [&tokens.access_token, &tokens.id_token.unwrap()] {
        let claims = claims_of(token).to_string();
        assert!(!claims.contains(&public), "{claims}");
    }

    // From the authorization endpoint,
    let page = at(&bench, "clinic-page", "https://clinic.example/page").await;
    let request = page
        .authorization()
        .with("response_type", "id_token token")
        .without("code_challenge")
        .without("code_challenge_method");
    let mut visitor = bench.assay.visitor();
    let callback = visitor.sign_in(&request.url(), &bench.ada).await;
    let given = url::form_urlencoded::parse(callback.fragment().unwrap().as_bytes());
    let given: BTreeMap<_, _> = given.into_owned().collect();
    for token in ["id_token", "access_token"] {
        assert_eq!(claims_of(&given[token])["sub"], at_clinic, "{token}");
    }

    // and on a device.
    let form = [("scope", "openid")];
    let reply = clinic.post("device_authorization_endpoint", &form).await;
    let device = Device::in_answer(&reply.expect_status(200).json());
    bench
        .answer(&mut bench.assay.visitor(), &device, "allow")
        .await;
    let tokens = device::poll(&clinic, &device).await.tokens();
    let id_token = clinic.id_token_claims(&tokens.id_token.unwrap()).await;
    assert_eq!(id_token["sub"], at_clinic);
}

async fn a_hint_names_the_person_as_the_client_does(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let clinic = clinic(&bench).await;
    let grace = bench.assay.user("grace");
    let hers = clinic.sign_in(&mut bench.assay.visitor(), &grace).await;
    let (mut visitor, adas) = bench.tokens(&clinic).await;
    let (hers, adas) = (hers.id_token.unwrap(), adas.id_token.unwrap());
    let silent = clinic.authorization().with("prompt", "none");
    let request = silent.clone().with("id_token_hint", &adas);
    let callback = visitor.open(&request.url()).await.left();
    clinic.code_in(&callback, &request);
    let request = silent.with("id_token_hint", &hers);
    let callback = visitor.open(&request.url()).await.left();
    assert_eq!(clinic.error_in(&callback, &request), "login_required");

    let logout = |hint: &str, more: &[(&str, &str)]| -> Url {
        let mut url = clinic.endpoint("end_session_endpoint");
        url.query_pairs_mut()
            .append_pair("id_token_hint", hint)
            .append_pair("post_logout_redirect_uri", "https://clinic.example/bye")
            .extend_pairs(more);
        url
    };
    // Of somebody else it asks first.
    let page = visitor.open(&logout(&hers, &[])).await.page();
    page.form_with_button("decision");
    let sub = claims_of(&adas)["sub"].as_str().unwrap().to_owned();
    let url = logout(&adas, &[("logout_hint", &sub)]);
    let left = visitor.open(&url).await.left();
    assert_eq!(left.as_str(), "https://clinic.example/bye");
}

async fn a_logout_token_names_the_person_as_the_client_does(db: TestDb) {
    let receiver = LogoutReceiver::start().await;
    let client = CLIENTS.replacen(
        "  postLogoutRedirectUris",
        &format!(
            "  backchannelLogoutUri: {}\n  postLogoutRedirectUris",
            receiver.uri()
        ),
        1,
    );
    let more = format!("{}---\n{client}", super::back_channel::LOOPBACK);
    let bench = Bench::with_more(db, &more).await;
    let clinic = clinic(&bench).await;
    let (mut visitor, tokens) = bench.tokens(&clinic).await;
    let id_token = tokens.id_token.unwrap();
    let mut url = clinic.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", &id_token);
    visitor.open(&url).await.page().reply.expect_status(200);
    let told = receiver.wait_for(1).await;
    let said = clinic.id_token_claims(&told[0]).await;
    let id = clinic.id_token_claims(&id_token).await;
    assert_eq!((&said["sub"], &said["sid"]), (&id["sub"], &id["sid"]));
}

async fn an_exchange_names_the_person_anew(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let (clinic, bookshop) = (clinic(&bench).await, bookshop(&bench).await);
    let at_bookshop = subject(&bench, &bookshop).await;
    let access = "urn:ietf:params:oauth:token-type:access_token";
    let id = "urn:ietf:params:oauth:token-type:id_token";
    let (_, shown) = bench.tokens(&clinic).await;
    let (_, acting) = bench.tokens(&bookshop).await;
    let (shown_id, acting_id) = (shown.id_token.unwrap(), acting.id_token.unwrap());
    for (subject, subject_type) in [(&shown.access_token, access), (&shown_id, id)] {
        for (actor, actor_type) in [(&acting.access_token, access), (&acting_id, id)] {
            let reply = bookshop
                .token(&[
                    (
                        "grant_type",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                    ),
                    ("subject_token", subject),
                    ("subject_token_type", subject_type),
                    ("actor_token", actor),
                    ("actor_token_type", actor_type),
                ])
                .await;
            let token = reply.tokens().access_token;
            let exchanged = claims_of(&token);
            assert_eq!(exchanged["sub"], at_bookshop, "{exchanged:#}");
            assert_eq!(exchanged["act"], json!({ "sub": at_bookshop }));
            assert_eq!(introspect(&bookshop, &token).await["sub"], at_bookshop);
        }
    }
}

async fn a_subject_stays_the_same(db: TestDb) {
    let mut bench = Bench::with_more(db, CLIENTS).await;
    let before = subject(&bench, &clinic(&bench).await).await;
    // Another signing key, another address to come back to on the same host, another process.
    let rotated = bench.assay.remote_command(["keys", "rotate", "jwt"]);
    rotated.run().expect_code(0);
    let changed = CLIENTS.replacen(
        "redirectUris: [https://clinic.example/callback]",
        "redirectUris: [https://clinic.example/callback, https://clinic.example:8443/new]",
        1,
    );
    assert_ne!(changed, CLIENTS);
    bench.apply_more(&changed);
    bench.assay.restart().await;
    let client = at(&bench, "clinic", "https://clinic.example:8443/new").await;
    assert_eq!(subject(&bench, &client).await, before);
}
