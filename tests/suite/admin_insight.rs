//! What the admin API tells of an installation: sessions, what happened, and what is configured.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Assay, Manifests, Registration, Reply, TestDb, User};

both_databases!(
    a_session_that_an_operator_ends_is_over,
    a_person_who_is_disabled_is_signed_out,
    what_happened_is_told_page_by_page,
    what_is_configured_is_shown_with_its_owner_and_without_secrets,
    what_manifests_say_is_not_changed_by_hand,
    a_client_that_is_renamed_keeps_what_people_granted_it,
);

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const SESSIONS: &str = "/auth/admin/auth/sessions";
const AUDIT: &str = "/auth/admin/auth/audit";
const CLIENTS: &str = "/auth/admin/auth/oidc-clients";
const UPSTREAM: &str = "/auth/admin/auth/upstream";

const WIKI: &str = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  displayName: Wiki
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, email, offline_access]
";

const OTHERS: &str = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: blog }
spec:
  displayName: Blog
  clientType: public
  redirectUris: [https://blog.example.com/callback]
---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: { name: google }
spec:
  displayName: Google
  issuer: https://accounts.google.com
  clientId: 123.apps.googleusercontent.com
  clientSecret: { fromEnv: WIKI_SECRET }
  scopes: [openid, email]
";

async fn start(db: TestDb, manifests: &Manifests) -> Assay {
    Assay::with(db)
        .env("WIKI_SECRET", SECRET)
        .manifests(manifests)
        .start()
        .await
}

fn wiki(name: &str) -> Registration {
    Registration::confidential(name, SECRET, "https://wiki.example.com/callback")
        .scope("openid email offline_access")
}

async fn get(assay: &Assay, path: &str) -> Value {
    let reply = Reply::to(assay.admin(Method::GET, path)).await;
    reply.expect_status(200).json()
}

async fn id_of(assay: &Assay, user: &User) -> String {
    let path = format!("/auth/admin/auth/users?email={}", user.email);
    let found = get(assay, &path).await;
    found["users"][0]["id"].as_str().unwrap().to_owned()
}

async fn sessions_of(assay: &Assay, id: &str) -> Vec<Value> {
    let list = get(assay, &format!("{SESSIONS}?user={id}")).await;
    list["sessions"].as_array().unwrap().clone()
}

/// Someone who is signed in at the client is let through without a page; anybody else is not.
async fn is_signed_in(assay: &Assay, visitor: &mut crate::harness::Visitor) -> bool {
    let account = visitor.open(&assay.url("/auth/account")).await;
    let page = account.page();
    !page.url.path().ends_with("/login")
}

async fn a_session_that_an_operator_ends_is_over(db: TestDb) {
    let assay = start(db, &Manifests::new().file("wiki.yaml", WIKI)).await;
    let ada = assay.user("ada");
    let id = id_of(&assay, &ada).await;
    let party = assay.relying_party(wiki("wiki")).await;
    let (mut laptop, mut phone) = (assay.visitor(), assay.visitor());
    party.sign_in(&mut laptop, &ada).await;
    party.sign_in(&mut phone, &ada).await;
    assert!(is_signed_in(&assay, &mut laptop).await);
    let both = sessions_of(&assay, &id).await;
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|session| session["expiresAt"].is_i64()));
    assert!(sessions_of(&assay, "nobody").await.is_empty());
    let unnamed = Reply::to(assay.admin(Method::GET, SESSIONS)).await;
    unnamed.expect_status(400);

    // The latest used first, and the account page was opened on the laptop; but a session is noted as
    // used only every few minutes, so both are ended in turn.
    for (left, session) in both.iter().enumerate().map(|(ended, one)| (1 - ended, one)) {
        let one = format!("{SESSIONS}/{}", session["id"].as_str().unwrap());
        let ended = Reply::to(assay.admin(Method::DELETE, &one)).await;
        ended.expect_status(204);
        assert_eq!(sessions_of(&assay, &id).await.len(), left);
        let again = Reply::to(assay.admin(Method::DELETE, &one)).await;
        again.expect_status(404);
        let signed_in = [
            is_signed_in(&assay, &mut laptop).await,
            is_signed_in(&assay, &mut phone).await,
        ];
        assert_eq!(signed_in.iter().filter(|is_in| **is_in).count(), left);
    }
    let log = get(&assay, &format!("{AUDIT}?action=session.end&user={id}")).await;
    assert_eq!(log["events"].as_array().unwrap().len(), 2);
    assert_eq!(log["events"][0]["actor"], "admin-key:engine.toml");
}

async fn a_person_who_is_disabled_is_signed_out(db: TestDb) {
    let assay = start(db, &Manifests::new().file("wiki.yaml", WIKI)).await;
    let ada = assay.user("ada");
    let id = id_of(&assay, &ada).await;
    let party = assay.relying_party(wiki("wiki")).await;
    let mut browser = assay.visitor();
    let tokens = party.sign_in(&mut browser, &ada).await;
    assert!(is_signed_in(&assay, &mut browser).await);
    let userinfo = party.userinfo(&tokens.access_token).await;
    userinfo.expect_status(200);

    let path = format!("/auth/admin/auth/users/{id}");
    let disabled = assay.admin(Method::PATCH, &path);
    let disabled = Reply::to(disabled.json(&json!({ "state": "disabled" }))).await;
    disabled.expect_status(200);

    assert!(!is_signed_in(&assay, &mut browser).await);
    assert!(sessions_of(&assay, &id).await.is_empty());
    let userinfo = party.userinfo(&tokens.access_token).await;
    userinfo.expect_status(401);
    let refresh_token = tokens.refresh_token.expect("a refresh token");
    let refreshed = party.refresh(&refresh_token).await;
    refreshed.expect_error("invalid_grant");
}

async fn what_happened_is_told_page_by_page(db: TestDb) {
    let assay = start(db, &Manifests::new().file("wiki.yaml", WIKI)).await;
    let ada = assay.user("ada");
    let id = id_of(&assay, &ada).await;
    let party = assay.relying_party(wiki("wiki")).await;
    let wrong = User {
        password: "not this one".to_owned(),
        ..ada.clone()
    };
    let mut mistaken = assay.visitor();
    let page = mistaken.open(&party.authorization().url()).await.page();
    let form = page.form_with("password");
    let form = form
        .fill("email", &wrong.email)
        .fill("password", &wrong.password);
    mistaken.submit(&form).await.page();
    party.sign_in(&mut assay.visitor(), &ada).await;

    let all = get(&assay, AUDIT).await;
    let all = all["events"].as_array().unwrap();
    let actions: Vec<&str> = all
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    for wanted in [
        "config.seed",
        "config.apply",
        "user.create",
        "session.sign_in_failed",
        "session.sign_in",
    ] {
        assert!(actions.contains(&wanted), "{wanted} in {actions:?}");
    }
    let text = serde_json::to_string(all).unwrap();
    assert!(!text.contains(&wrong.password) && !text.contains(SECRET));
    let at: Vec<i64> = all
        .iter()
        .map(|event| event["occurredAt"].as_i64().unwrap())
        .collect();
    assert!(at.is_sorted_by(|newer, older| newer >= older), "{at:?}");

    let failed = all
        .iter()
        .find(|event| event["action"] == "session.sign_in_failed");
    let failed = failed.unwrap();
    assert_eq!(
        (&failed["actor"], &failed["subject"], &failed["ip"]),
        (&json!("anonymous"), &json!(ada.email), &json!("127.0.0.1"))
    );
    let applied = all.iter().find(|event| event["action"] == "config.apply");
    assert_eq!(applied.unwrap()["actor"], "serve --manifests");

    // Page by page there is the same, once each.
    let mut paged = Vec::new();
    let mut before = String::new();
    loop {
        let page = get(&assay, &format!("{AUDIT}?limit=2{before}")).await;
        let events = page["events"].as_array().unwrap();
        assert!(!events.is_empty() && events.len() <= 2);
        paged.extend(events.iter().cloned());
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(&paged, all);

    let hers = get(&assay, &format!("{AUDIT}?user={id}")).await;
    let hers = hers["events"].as_array().unwrap();
    let person = json!(format!("user:{id}"));
    assert!(
        hers.iter()
            .all(|event| event["actor"] == person || event["subject"] == person)
    );
    assert!(hers.len() >= 2 && hers.len() < all.len());
    let signed_in = get(&assay, &format!("{AUDIT}?user={id}&action=session.sign_in")).await;
    assert_eq!(signed_in["events"].as_array().unwrap().len(), 1);
    let unknown = Reply::to(assay.admin(Method::GET, &format!("{AUDIT}?nonsense=1"))).await;
    unknown.expect_status(400);
}

async fn what_is_configured_is_shown_with_its_owner_and_without_secrets(db: TestDb) {
    let manifests = Manifests::new()
        .file("wiki.yaml", WIKI)
        .file("others.yaml", OTHERS);
    let assay = start(db, &manifests).await;
    let clients = get(&assay, CLIENTS).await;
    let names: Vec<&Value> = clients["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["manifest"]["metadata"]["name"])
        .collect();
    assert_eq!(names, ["blog", "wiki"]);
    assert!(clients.get("next").is_none());

    let first = get(&assay, &format!("{CLIENTS}?limit=1")).await;
    assert_eq!(first["next"], "blog");
    let second = get(&assay, &format!("{CLIENTS}?limit=1&after=blog")).await;
    assert_eq!(second["objects"][0], clients["objects"][1]);
    assert!(second.get("next").is_none());

    let wiki = get(&assay, &format!("{CLIENTS}/wiki")).await;
    assert_eq!(wiki, clients["objects"][1]);
    assert_eq!(wiki["owner"], "set:default");
    assert!(wiki["generation"].as_i64().unwrap() >= 1);
    assert_eq!(wiki["manifest"]["spec"]["clientSecret"], "***");
    let upstreams = get(&assay, UPSTREAM).await;
    let google = &upstreams["objects"][0];
    assert_eq!(google["owner"], "set:default");
    assert_eq!(
        google["manifest"]["spec"]["clientId"],
        "123.apps.googleusercontent.com"
    );
    assert_eq!(google["manifest"]["spec"]["clientSecret"], "***");
    for text in [clients.to_string(), upstreams.to_string()] {
        assert!(
            !text.contains("hmac-sha256:") && !text.contains("\"v1:") && !text.contains(SECRET)
        );
    }
    let none = Reply::to(assay.admin(Method::GET, &format!("{CLIENTS}/nobody"))).await;
    none.expect_status(404);
}

async fn what_manifests_say_is_not_changed_by_hand(db: TestDb) {
    let manifests = Manifests::new()
        .file("wiki.yaml", WIKI)
        .file("others.yaml", OTHERS);
    let assay = start(db, &manifests).await;
    for path in [format!("{CLIENTS}/wiki"), format!("{UPSTREAM}/google")] {
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = Reply::to(assay.admin(method, &path))
                .await
                .expect_status(409);
            let problem = refused.json();
            assert_eq!(problem["type"], "urn:assay:problem:conflict");
            assert_eq!(problem["conflicts"][0]["owner"], "set:default");
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                detail.contains("change its manifest and apply it"),
                "{detail}"
            );
        }
        get(&assay, &path).await;
    }
    for path in [CLIENTS, UPSTREAM] {
        let refused = Reply::to(assay.admin(Method::POST, path))
            .await
            .expect_status(409);
        assert!(
            refused.body.contains("/auth/admin/reconcile/apply"),
            "{}",
            refused.body
        );
    }
    let none = Reply::to(assay.admin(Method::DELETE, &format!("{CLIENTS}/nobody"))).await;
    none.expect_status(404);
}

async fn a_client_that_is_renamed_keeps_what_people_granted_it(db: TestDb) {
    let manifests = Manifests::new().file("wiki.yaml", WIKI);
    let assay = start(db, &manifests).await;
    let ada = assay.user("ada");
    let party = assay.relying_party(wiki("wiki")).await;
    let tokens = party.sign_in(&mut assay.visitor(), &ada).await;
    let before = get(&assay, &format!("{CLIENTS}/wiki")).await;

    let moved = "{ name: handbook, annotations: { assay/moved-from: wiki } }";
    manifests.write("wiki.yaml", &WIKI.replace("{ name: wiki }", moved));
    assay.apply(&manifests);

    let after = get(&assay, &format!("{CLIENTS}/handbook")).await;
    assert_eq!(after["id"], before["id"]);
    assert!(after["generation"].as_i64() > before["generation"].as_i64());
    let gone = Reply::to(assay.admin(Method::GET, &format!("{CLIENTS}/wiki"))).await;
    gone.expect_status(404);
    let refresh_token = tokens.refresh_token.expect("a refresh token");
    let handbook = assay.relying_party(wiki("handbook")).await;
    let fresh = handbook.refresh(&refresh_token).await.tokens();
    handbook
        .userinfo(&fresh.access_token)
        .await
        .expect_status(200);
    // Nor is she asked again for what she has agreed to.
    let mut browser = assay.visitor();
    let login = browser.open(&assay.url("/auth/login")).await.page();
    let form = login.form_with("password");
    let form = form
        .fill("email", &ada.email)
        .fill("password", &ada.password);
    browser.submit(&form).await.page();
    let authorization = handbook.authorization();
    let callback = browser.open(&authorization.url()).await.left();
    handbook.code_in(&callback, &authorization);
}
