//! Signing in with a passkey.

use serde_json::json;

use super::{ada_with_passkey, is_signed_in, last_sign_in, start};
use crate::harness::passkey::{allowed, auth_finish, auth_start};
use crate::harness::{Assay, SecurityKey, TestDb};

both_databases!(
    a_passkey_signs_its_owner_in_and_is_two_factors,
    one_that_checks_nobody_is_one_factor,
    an_address_leads_to_passkeys_that_are_not_discoverable,
    nobody_learns_who_has_a_passkey,
    the_page_offers_passkeys_once_somebody_has_one,
    other_sites_are_named_where_browsers_look,
);

async fn a_passkey_signs_its_owner_in_and_is_two_factors(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, _, mut phone) = ada_with_passkey(&assay).await;
    let mut visitor = assay.visitor();
    let login = assay.url("/auth/login?return_to=/auth/account");
    visitor.open(&login).await.page();

    let reply = phone.sign_in(&assay, &mut visitor).await.expect_status(200);

    assert_eq!(reply.json()["location"], "/auth/account");
    assert!(is_signed_in(&assay, &mut visitor).await);
    let amr = &last_sign_in(&assay).await["detail"]["amr"];
    assert_eq!(*amr, json!(["pop", "user", "mfa"]));
    let sessions = "UPDATE sessions SET acr = acr WHERE acr = 'urn:assay:acr:multi-factor'";
    assert_eq!(count(&assay, sessions).await, 1);
    // And again: a challenge is new each time.
    phone.sign_in(&assay, &mut visitor).await.expect_status(200);
}

async fn count(assay: &Assay, statement: &'static str) -> u64 {
    let data = assay.folder().join("data");
    assay.db().alter(&data, statement).await
}

async fn one_that_checks_nobody_is_one_factor(db: TestDb) {
    let assay = start(db, "{ userVerification: discouraged }").await;
    let (_, _, mut key) = ada_with_passkey(&assay).await;
    let mut visitor = assay.visitor();

    key.sign_in(&assay, &mut visitor).await.expect_status(200);

    let amr = &last_sign_in(&assay).await["detail"]["amr"];
    assert_eq!(*amr, json!(["pop", "user"]));
    let sessions = "UPDATE sessions SET acr = acr WHERE acr = 'urn:assay:acr:multi-factor'";
    assert_eq!(count(&assay, sessions).await, 0);
}

async fn an_address_leads_to_passkeys_that_are_not_discoverable(db: TestDb) {
    let assay = Assay::start(db).await;
    let (ada, mut here, mut phone) = ada_with_passkey(&assay).await;
    let mut key = SecurityKey::new();
    key.register(&assay, &mut here, "Key")
        .await
        .expect_status(200);
    let mut visitor = assay.visitor();

    let spelled = ada.email.to_uppercase();
    let started = auth_start(&assay, &mut visitor, Some(&spelled)).await;
    let started = started.expect_status(200).json();
    let ids: Vec<String> = allowed(&started).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        ids,
        [phone.credential_id.clone(), key.credential_id.clone()]
    );

    let credential = key.sign_without_handle(&assay, &started);
    auth_finish(&assay, &mut visitor, &credential)
        .await
        .expect_status(200);
    assert!(is_signed_in(&assay, &mut visitor).await);
    phone.sign_in(&assay, &mut visitor).await.expect_status(200);
}

async fn nobody_learns_who_has_a_passkey(db: TestDb) {
    let assay = Assay::start(db).await;
    let (ada, _, phone) = ada_with_passkey(&assay).await;
    let bob = assay.user("bob");
    let mut visitor = assay.visitor();
    for email in [&ada.email, &bob.email, "nobody@example.com", "no address"] {
        let started = auth_start(&assay, &mut visitor, Some(email)).await;
        let started = started.expect_status(200).json();
        let ids = allowed(&started);
        assert!((1..=2).contains(&ids.len()), "{email}: {started}");
        for (id, length) in &ids {
            assert!([16, 20, 32, 64].contains(length), "{email}: {length}");
            assert_eq!(*id == phone.credential_id, *email == ada.email, "{email}");
        }
        let keys = |value: &serde_json::Value| {
            let members = value.as_object().unwrap().keys();
            members.cloned().collect::<Vec<_>>()
        };
        let one = &started["publicKey"]["allowCredentials"][0];
        assert_eq!(keys(one), ["type", "id"], "{email}");
        // The same address is answered alike each time, in any spelling.
        let again = auth_start(&assay, &mut visitor, Some(&email.to_uppercase())).await;
        assert_eq!(allowed(&again.json()), ids, "{email}");
    }
}

async fn the_page_offers_passkeys_once_somebody_has_one(db: TestDb) {
    let assay = Assay::start(db).await;
    let login = assay.url("/auth/login");
    let before = assay.visitor().open(&login).await.page();
    assert!(before.tags("script").is_empty());
    let policy = before.reply.header("content-security-policy").unwrap();
    assert!(
        !policy.contains("script-src") && !policy.contains("connect-src"),
        "{policy}"
    );

    ada_with_passkey(&assay).await;

    let page = assay.visitor().open(&login).await.page();
    assert_eq!(page.tags("script").len(), 1);
    let policy = page.reply.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("connect-src 'self'"), "{policy}");
    assert!(page.reply.body.contains("username webauthn"), "{page:?}");

    // With passwords switched off, the page is there for passkeys alone.
    assay
        .remote_command(["module", "disable", "password"])
        .run()
        .expect_code(0);
    let page = assay.visitor().open(&login).await.page();
    assert_eq!(page.reply.status, 200, "{page:?}");
    assert!(!page.reply.body.contains("current-password"), "{page:?}");
    assert!(page.reply.body.contains("username webauthn"), "{page:?}");
}

async fn other_sites_are_named_where_browsers_look(db: TestDb) {
    let assay = start(db, "{ relatedOrigins: [https://localhost.example] }").await;

    let document = assay.get("/.well-known/webauthn").await.expect_status(200);

    let own = assay.url("/").origin().ascii_serialization();
    assert_eq!(
        document.json(),
        json!({ "origins": [own, "https://localhost.example"] })
    );
    let (_, _, mut phone) = ada_with_passkey(&assay).await;
    phone.origin = Some("https://localhost.example".parse().unwrap());
    // Its own device would refuse to sign for `localhost` there; browsers do, for they have asked.
    let mut visitor = assay.visitor();
    let started = auth_start(&assay, &mut visitor, None).await.json();
    phone.rp_id = Some("localhost.example".to_owned());
    let credential = phone.sign(&assay, &started);
    let refused = auth_finish(&assay, &mut visitor, &credential).await;
    // The origin is let in, and so the relying party is what is wrong.
    super::expect_problem(refused, 401, "passkey-refused");
    let failed = &super::audit(&assay, "session.sign_in_failed").await[0];
    assert_eq!(failed["detail"]["reason"], "other-relying-party");
}
