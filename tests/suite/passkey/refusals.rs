//! What a passkey must not do.

use serde_json::json;

use super::{ada_with_passkey, audit, expect_problem, is_signed_in, signed_in, start};
use crate::harness::passkey::{auth_finish, auth_start, register_finish, register_start};
use crate::harness::{Assay, Mailbox, Manifests, Reply, SecurityKey, TestDb, Visitor};

both_databases!(
    a_challenge_is_good_once,
    a_challenge_is_good_for_a_while,
    a_challenge_is_good_in_the_browser_that_asked_for_it,
    another_origin_is_refused,
    another_relying_party_is_refused,
    an_owner_who_was_not_checked_is_refused,
    a_counter_that_goes_back_ends_the_passkey,
    a_credential_of_another_person_is_refused,
    a_registration_is_finished_in_the_session_that_began_it,
    registration_needs_a_recent_sign_in,
    a_closed_account_stays_closed,
    other_models_are_kept_out,
    an_authenticator_that_nobody_vouches_for_is_kept_out,
    another_site_cannot_ask,
    beginnings_are_limited_by_network,
);

async fn last_failure(assay: &Assay) -> String {
    let failed = audit(assay, "session.sign_in_failed").await;
    let reason = failed[0]["detail"]["reason"].as_str();
    reason.expect("a reason").to_owned()
}

async fn refused(assay: &Assay, phone: &mut SecurityKey, reason: &str) {
    let mut visitor = assay.visitor();
    let reply = phone.sign_in(assay, &mut visitor).await;
    expect_problem(reply, 401, "passkey-refused");
    assert_eq!(last_failure(assay).await, reason);
    assert!(!is_signed_in(assay, &mut visitor).await);
}

async fn a_challenge_is_good_once(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut here, mut phone) = ada_with_passkey(&assay).await;
    let mut visitor = assay.visitor();
    let started = auth_start(&assay, &mut visitor, None).await.json();
    let credential = phone.sign(&assay, &started);
    auth_finish(&assay, &mut visitor, &credential)
        .await
        .expect_status(200);

    let again = auth_finish(&assay, &mut visitor, &credential).await;
    expect_problem(again, 400, "challenge-unknown");

    // A challenge of one ceremony is none of the other, and one that we never gave is none.
    let started = register_start(&assay, &mut here).await.json();
    let made = SecurityKey::new().create(&assay, &started);
    register_finish(&assay, &mut here, &made, "Key")
        .await
        .expect_status(200);
    let again = register_finish(&assay, &mut here, &made, "Key").await;
    expect_problem(again, 400, "challenge-unknown");
    let mut invented = auth_start(&assay, &mut here, None).await.json();
    invented["publicKey"]["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let credential = phone.sign(&assay, &invented);
    let reply = auth_finish(&assay, &mut here, &credential).await;
    expect_problem(reply, 400, "challenge-unknown");
    let registering = register_start(&assay, &mut here).await.json();
    let mut mixed = auth_start(&assay, &mut here, None).await.json();
    mixed["publicKey"]["challenge"] = registering["publicKey"]["challenge"].clone();
    let credential = phone.sign(&assay, &mixed);
    let reply = auth_finish(&assay, &mut here, &credential).await;
    expect_problem(reply, 400, "challenge-unknown");
}

async fn a_challenge_is_good_for_a_while(db: TestDb) {
    let assay = start(db, "{ ceremonyTtl: 1s }").await;
    let ada = assay.user("ada");
    let mut visitor = signed_in(&assay, &ada).await;
    let started = register_start(&assay, &mut visitor).await.json();
    let made = SecurityKey::new().create(&assay, &started);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let reply = register_finish(&assay, &mut visitor, &made, "Key").await;

    expect_problem(reply, 400, "challenge-unknown");
}

async fn a_challenge_is_good_in_the_browser_that_asked_for_it(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, _, mut phone) = ada_with_passkey(&assay).await;
    let mut visitor = assay.visitor();
    let mut victim = assay.visitor();
    auth_start(&assay, &mut victim, None)
        .await
        .expect_status(200);
    let started = auth_start(&assay, &mut visitor, None).await.json();
    let credential = phone.sign(&assay, &started);

    // Whoever signs in at the victim's browser as themselves sees what the victim does there.
    let reply = auth_finish(&assay, &mut victim, &credential).await;

    expect_problem(reply, 400, "challenge-unknown");
    assert!(!is_signed_in(&assay, &mut victim).await);
    auth_finish(&assay, &mut visitor, &credential)
        .await
        .expect_status(200);
}

async fn another_origin_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut here, mut phone) = ada_with_passkey(&assay).await;
    for origin in [
        "https://localhost",
        "http://localhost:1",
        "https://sub.localhost",
    ] {
        phone.origin = Some(origin.parse().unwrap());
        refused(&assay, &mut phone, "other-origin").await;
        let mut key = SecurityKey::new();
        key.origin.clone_from(&phone.origin);
        let reply = key.register(&assay, &mut here, "Key").await;
        expect_problem(reply, 401, "passkey-refused");
    }
}

async fn another_relying_party_is_refused(db: TestDb) {
    let assay = start(db, "{ relatedOrigins: [https://auth.example.com] }").await;
    let (_, mut here, mut phone) = ada_with_passkey(&assay).await;
    phone.origin = Some("https://auth.example.com".parse().unwrap());
    phone.rp_id = Some("example.com".to_owned());
    refused(&assay, &mut phone, "other-relying-party").await;
    let mut key = SecurityKey::new();
    key.origin.clone_from(&phone.origin);
    key.rp_id.clone_from(&phone.rp_id);
    let reply = key.register(&assay, &mut here, "Key").await;
    expect_problem(reply, 401, "passkey-refused");
}

async fn an_owner_who_was_not_checked_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut here, mut phone) = ada_with_passkey(&assay).await;
    phone.skips_verification = true;
    refused(&assay, &mut phone, "owner-not-verified").await;
    let mut key = SecurityKey::new();
    key.skips_verification = true;
    let reply = key.register(&assay, &mut here, "Key").await;
    expect_problem(reply, 401, "passkey-refused");
    phone.skips_verification = false;
    phone
        .sign_in(&assay, &mut assay.visitor())
        .await
        .expect_status(200);
}

async fn a_counter_that_goes_back_ends_the_passkey(db: TestDb) {
    let mailbox = Mailbox::new();
    let manifests = Manifests::new().file("mail.yaml", &mailbox.manifest());
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let (ada, mut here, mut phone) = ada_with_passkey(&assay).await;
    mailbox.wait_for(&ada.email, 1).await;
    let (mut owner, mut thief) = (assay.visitor(), assay.visitor());
    let first = auth_start(&assay, &mut thief, None).await.json();
    let second = auth_start(&assay, &mut owner, None).await.json();
    let (first, second) = (phone.sign(&assay, &first), phone.sign(&assay, &second));
    auth_finish(&assay, &mut owner, &second)
        .await
        .expect_status(200);

    let reply = auth_finish(&assay, &mut thief, &first).await;

    expect_problem(reply, 401, "passkey-suspected");
    assert!(!is_signed_in(&assay, &mut thief).await);
    assert_eq!(last_failure(&assay).await, "copy-suspected");
    let told = audit(&assay, "passkey.suspect").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["detail"]["name"], "Phone");
    let letter = mailbox.wait_for(&ada.email, 2).await;
    assert_eq!(letter.subject(), "A passkey of yours may have been copied");
    assert!(letter.text.contains("\"Phone\""), "{}", letter.text);
    assert_eq!(letter.link(), assay.url("/auth/account/passkeys"));
    // It is good for nothing from now on, nor is it offered, and its owner sees why.
    let reply = phone.sign_in(&assay, &mut assay.visitor()).await;
    expect_problem(reply, 401, "passkey-suspected");
    assert_eq!(audit(&assay, "passkey.suspect").await.len(), 1);
    assert_eq!(mailbox.mails().len(), 2);
    let started = auth_start(&assay, &mut assay.visitor(), Some(&ada.email)).await;
    assert!(!started.body.contains(&phone.credential_id), "{started:?}");
    let page = here.open(&assay.url("/auth/account/passkeys")).await.page();
    assert!(page.reply.body.contains("may have a copy"), "{page:?}");
}

async fn a_credential_of_another_person_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let (ada, _, mut phone) = ada_with_passkey(&assay).await;
    let bob = assay.user("bob");
    let mut visitor = signed_in(&assay, &bob).await;
    let mut bobs = SecurityKey::new();
    bobs.register(&assay, &mut visitor, "Bob's")
        .await
        .expect_status(200);

    // Bob's key where Ada's was asked for.
    let mut browser = assay.visitor();
    let started = auth_start(&assay, &mut browser, Some(&ada.email))
        .await
        .json();
    let credential = bobs.sign_without_handle(&assay, &started);
    let reply = auth_finish(&assay, &mut browser, &credential).await;
    expect_problem(reply, 401, "passkey-refused");
    assert_eq!(last_failure(&assay).await, "another-account");

    // Bob's key that says it is Ada's.
    let own = std::mem::replace(&mut bobs.user_handle, phone.user_handle.clone());
    refused(&assay, &mut bobs, "another-account").await;
    bobs.user_handle = own;

    // One that does not say whose it is, and nobody was asked for.
    let started = auth_start(&assay, &mut browser, None).await.json();
    let credential = bobs.sign_without_handle(&assay, &started);
    let reply = auth_finish(&assay, &mut browser, &credential).await;
    expect_problem(reply, 401, "passkey-refused");

    // Bob's key under the name of Ada's.
    let started = auth_start(&assay, &mut browser, None).await.json();
    let mut credential = bobs.sign(&assay, &started);
    credential["id"] = json!(phone.credential_id);
    credential["rawId"] = json!(phone.credential_id);
    credential["response"]["userHandle"] = json!(phone.user_handle);
    let reply = auth_finish(&assay, &mut browser, &credential).await;
    expect_problem(reply, 401, "passkey-refused");
    assert_eq!(last_failure(&assay).await, "signature");

    // One that nobody knows.
    let started = register_start(&assay, &mut visitor).await.json();
    let mut stranger = SecurityKey::new();
    stranger.create(&assay, &started);
    let reply = stranger.sign_in(&assay, &mut browser).await;
    expect_problem(reply, 401, "passkey-unknown");
    assert!(!is_signed_in(&assay, &mut browser).await);
    phone.sign_in(&assay, &mut browser).await.expect_status(200);
}

async fn a_registration_is_finished_in_the_session_that_began_it(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = assay.user("ada");
    let mallory = assay.user("mallory");
    let mut victim = signed_in(&assay, &ada).await;
    let mut thief = signed_in(&assay, &mallory).await;
    let mut own = SecurityKey::new();
    let started = register_start(&assay, &mut thief).await.json();
    let made = own.create(&assay, &started);

    let reply = register_finish(&assay, &mut victim, &made, "Key").await;
    expect_problem(reply, 400, "challenge-unknown");
    // Nor in another session at the same browser.
    let session = victim.cookies["assay_session"].clone();
    let mut mixed = thief;
    let kept = mixed.cookies.insert("assay_session".to_owned(), session);
    let reply = register_finish(&assay, &mut mixed, &made, "Key").await;
    expect_problem(reply, 400, "challenge-unknown");
    mixed
        .cookies
        .insert("assay_session".to_owned(), kept.unwrap());
    register_finish(&assay, &mut mixed, &made, "Key")
        .await
        .expect_status(200);
    let nobody = register_start(&assay, &mut assay.visitor()).await;
    expect_problem(nobody, 401, "unauthenticated");
}

async fn registration_needs_a_recent_sign_in(db: TestDb) {
    let manifests = crate::harness::Manifests::new().file(
        "session.yaml",
        "apiVersion: assay/v1\nkind: Module\nmetadata: { name: session }\nspec: { settings: { recentSignIn: 1s } }\n",
    );
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let ada = assay.user("ada");
    let mut visitor = signed_in(&assay, &ada).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let reply = register_start(&assay, &mut visitor).await;

    expect_problem(reply, 403, "recent-sign-in-required");
    let page = visitor
        .open(&assay.url("/auth/account/passkeys"))
        .await
        .page();
    assert_eq!(page.url.path(), "/auth/login");
}

async fn a_closed_account_stays_closed(db: TestDb) {
    let assay = Assay::start(db).await;
    let (ada, _, mut phone) = ada_with_passkey(&assay).await;
    let path = format!("/auth/admin/auth/users?email={}", ada.email);
    let users = Reply::to(assay.admin(reqwest::Method::GET, &path))
        .await
        .json();
    let id = users["users"][0]["id"].as_str().unwrap();
    let path = format!("/auth/admin/auth/users/{id}");
    let request = assay.admin(reqwest::Method::PATCH, &path);
    let request = request.json(&json!({ "state": "disabled" }));
    Reply::to(request).await.expect_status(200);

    refused(&assay, &mut phone, "account-closed").await;
}

async fn other_models_are_kept_out(db: TestDb) {
    let model = "ee882879-721c-4913-9775-3dfcce97072a";
    let assay = start(db, &format!("{{ allowedAuthenticators: [{model}] }}")).await;
    let ada = assay.user("ada");
    let mut visitor = signed_in(&assay, &ada).await;
    let started = register_start(&assay, &mut visitor).await.json();
    assert_eq!(started["publicKey"]["attestation"], "direct");
    let made = SecurityKey::new().create(&assay, &started);

    let reply = register_finish(&assay, &mut visitor, &made, "Key").await;

    expect_problem(reply, 403, "authenticator-not-allowed");
    let mut module = "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey }\n".to_owned();
    module +=
        "spec: { settings: { allowedAuthenticators: [00000000-0000-0000-0000-000000000000] } }\n";
    assay.apply(&crate::harness::Manifests::new().file("passkey.yaml", &module));
    register_when_let_in(&assay, &mut visitor).await;
}

/// Another process made the change: the server hears of it a moment later.
async fn register_when_let_in(assay: &Assay, visitor: &mut Visitor) {
    for _ in 0..100 {
        let reply = SecurityKey::new().register(assay, visitor, "Key").await;
        if reply.status == 200 {
            return;
        }
        expect_problem(reply, 403, "authenticator-not-allowed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the change is not served");
}

async fn an_authenticator_that_nobody_vouches_for_is_kept_out(db: TestDb) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut maker = rcgen::CertificateParams::new(Vec::new()).unwrap();
    maker.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = maker.self_signed(&key).unwrap().pem();
    let settings = json!({
        "allowedAuthenticators": ["00000000-0000-0000-0000-000000000000"],
        "attestationRoots": [pem],
    });
    let assay = start(db, &settings.to_string()).await;
    let ada = assay.user("ada");
    let mut visitor = signed_in(&assay, &ada).await;

    // It vouches for itself.
    let reply = SecurityKey::new()
        .register(&assay, &mut visitor, "Key")
        .await;

    expect_problem(reply, 401, "passkey-refused");
}

async fn another_site_cannot_ask(db: TestDb) {
    let assay = Assay::start(db).await;
    let url = "/auth/passkey/auth/start";
    let request = || assay.request(reqwest::Method::POST, url).json(&json!({}));
    Reply::to(request()).await.expect_status(200);
    let foreign = request().header("origin", "https://evil.example");
    expect_problem(Reply::to(foreign).await, 403, "forbidden");
    let foreign = request().header("sec-fetch-site", "cross-site");
    expect_problem(Reply::to(foreign).await, 403, "forbidden");
    let form = assay.request(reqwest::Method::POST, url).body("{}");
    Reply::to(form).await.expect_status(415);
    let long = request().body(format!("{{\"email\":\"{}\"}}", "a".repeat(70_000)));
    Reply::to(long).await.expect_status(413);
}

async fn beginnings_are_limited_by_network(db: TestDb) {
    let assay = Assay::with(db)
        .server_toml("trusted_proxies = [\"127.0.0.1/32\"]")
        .start()
        .await;
    let begin = async |address: &str| {
        let mut visitor = assay.visitor().forwarded_for(address);
        auth_start(&assay, &mut visitor, None).await
    };
    begin("2001:db8:1:2::1").await.expect_status(200);
    let data = assay.folder().join("data");
    let sql = "UPDATE attempts SET tries = 1000";
    assert_eq!(assay.db().alter(&data, sql).await, 1);

    expect_problem(begin("2001:db8:1:2::2").await, 429, "too-many-requests");
    begin("2001:db8:1:3::1").await.expect_status(200);
}
