//! People look after their account.

use std::time::{Duration, Instant};

use reqwest::{Method, header::USER_AGENT};
use serde_json::{Value, json};

use super::{Bench, PASSWORD, Reply, TestDb};
use crate::harness::{Page, User, Visitor};

both_databases!(
    a_password_is_changed_by_whoever_knows_the_old_one,
    the_old_password_cannot_be_guessed_at_a_browser_left_alone,
    who_has_no_password_sets_one,
    a_profile_is_changed_and_kept_in_form,
    an_account_is_downloaded_by_its_owner,
    an_account_is_deleted_at_once,
    an_account_is_deleted_later_unless_it_is_kept,
    nobody_deletes_what_may_not_be_deleted,
    sessions_are_called_by_the_names_of_their_browsers,
);

const NO_GRACE: &str = "    deletion: { allowed: true, gracePeriod: 0s }";

async fn signed_in(bench: &Bench, user: &User) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let page = bench
        .sign_in(&mut visitor, &user.email, &user.password)
        .await;
    assert_eq!(page.url.path(), "/auth/account", "{page:#?}");
    visitor
}

async fn change(bench: &Bench, visitor: &mut Visitor, old: &str, new: &str) -> Page {
    let page = bench.open(visitor, "/auth/account/password").await;
    let form = page
        .form_with("old_password")
        .fill("old_password", old)
        .fill("password", new);
    visitor.submit(&form).await.page()
}

async fn a_password_is_changed_by_whoever_knows_the_old_one(db: TestDb) {
    let bench = Bench::with(db, "    {}").await;
    let ada = bench.assay.user("ada");
    let mut here = signed_in(&bench, &ada).await;
    let mut there = signed_in(&bench, &ada).await;

    let page = change(&bench, &mut here, "not the old one", PASSWORD).await;
    page.reply.expect_status(400);
    let page = change(&bench, &mut here, &ada.password, "short").await;
    let reply = page.reply.expect_status(400);
    assert!(reply.body.contains('8'), "{reply:#?}");
    let page = change(&bench, &mut here, &ada.password, PASSWORD).await;
    assert_eq!(page.url.query(), Some("changed=1"));

    // Whoever knew the old one is out, and this browser is not.
    let page = bench.open(&mut here, "/auth/account").await;
    assert_eq!(page.url.path(), "/auth/account");
    let page = bench.open(&mut there, "/auth/account").await;
    assert_eq!(page.url.path(), "/auth/login");
    let page = bench.sign_in(&mut there, &ada.email, &ada.password).await;
    page.reply.expect_status(401);
    let page = bench.sign_in(&mut there, &ada.email, PASSWORD).await;
    assert_eq!(page.url.path(), "/auth/account");
    assert_eq!(bench.letter(&ada.email, 1).await.kind, "passwordChanged");

    // A form of another session changes nothing.
    let page = bench.open(&mut here, "/auth/account/password").await;
    let form = page
        .form_with("old_password")
        .fill("old_password", PASSWORD)
        .fill("password", "another correct horse");
    there.submit(&form).await.page().reply.expect_status(403);
}

async fn the_old_password_cannot_be_guessed_at_a_browser_left_alone(db: TestDb) {
    let bench = Bench::with(db, "    {}").await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    for _ in 0..10 {
        let page = change(&bench, &mut visitor, "a guess", PASSWORD).await;
        page.reply.expect_status(400);
    }
    let page = change(&bench, &mut visitor, &ada.password, PASSWORD).await;
    let reply = page.reply.expect_status(429);
    assert!(reply.header("retry-after").is_some());
    signed_in(&bench, &ada).await;
}

async fn who_has_no_password_sets_one(db: TestDb) {
    let settings = "    registration: { mode: open }";
    let bench = Bench::with(db, settings).await;
    let mut visitor = bench.assay.visitor();
    let page = bench.open(&mut visitor, "/auth/account/password").await;
    assert_eq!(page.url.path(), "/auth/login");
}

async fn a_profile_is_changed_and_kept_in_form(db: TestDb) {
    let settings = "    profile: { fields: [name, birthdate, address] }";
    let bench = Bench::with(db, settings).await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    let page = bench.open(&mut visitor, "/auth/account/profile").await;
    let form = page
        .form_with("name")
        .fill("name", "Ada <b>Lovelace</b>")
        .fill("birthdate", "1815-12-10")
        .fill("locality", "London");
    assert!(!form.has_field("nickname"));
    let saved = visitor.submit(&form).await.page();
    assert_eq!(saved.url.query(), Some("saved=1"));
    assert!(!saved.reply.body.contains("<b>Lovelace"), "{saved:#?}");
    let person = bench.person(&ada.email).await.unwrap();
    let expected = json!({
        "name": "Ada <b>Lovelace</b>", "birthdate": "1815-12-10",
        "address": { "locality": "London" },
    });
    assert_eq!(person["attributes"], expected);

    let wrong = form.clone().fill("birthdate", "10 December");
    let page = visitor.submit(&wrong).await.page();
    let reply = page.reply.clone().expect_status(400);
    assert!(reply.body.contains("Date of birth"), "{reply:#?}");
    // What is not asked for is not taken.
    let mut extra = form.clone();
    extra
        .fields
        .push(("email_verified".to_owned(), "true".to_owned()));
    extra.fields.push(("nickname".to_owned(), "A".to_owned()));
    visitor.submit(&extra).await.page();
    let person = bench.person(&ada.email).await.unwrap();
    assert_eq!(person["attributes"], expected);
    let emptied = form
        .fill("name", "")
        .fill("birthdate", "")
        .fill("locality", "");
    visitor.submit(&emptied).await.page();
    let person = bench.person(&ada.email).await.unwrap();
    assert_eq!(person["attributes"], json!({}));
}

async fn an_account_is_downloaded_by_its_owner(db: TestDb) {
    let bench = Bench::with(db, "    {}").await;
    let ada = bench.assay.user("ada");
    let eve = bench.assay.user("eve");
    signed_in(&bench, &eve).await;
    bench
        .sign_in(&mut bench.assay.visitor(), &ada.email, "wrong one")
        .await;
    let mut visitor = signed_in(&bench, &ada).await;
    let page = bench.open(&mut visitor, "/auth/account/export").await;
    let form = page.form_with("csrf");
    let file = visitor.submit(&form).await.page().reply.expect_status(200);
    let disposition = file.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let known: Value = file.json();
    assert_eq!(known["account"]["email"], ada.email.as_str());
    assert_eq!(known["sessions"].as_array().unwrap().len(), 1);
    let events = known["events"].as_array().unwrap();
    for action in ["session.sign_in", "session.sign_in_failed"] {
        assert!(
            events.iter().any(|event| event["action"] == action),
            "{known:#}"
        );
    }
    for secret in ["argon2", "password_hash", eve.email.as_str()] {
        assert!(!file.body.contains(secret), "{secret}: {known:#}");
    }
    // Nobody else's form gives it.
    let mut other = signed_in(&bench, &eve).await;
    other.submit(&form).await.page().reply.expect_status(403);
}

async fn delete(bench: &Bench, visitor: &mut Visitor, typed: &str) -> Page {
    let page = bench.open(visitor, "/auth/account/delete").await;
    let form = page.form_with("email").fill("email", typed);
    visitor.submit(&form).await.page()
}

async fn an_account_is_deleted_at_once(db: TestDb) {
    let bench = Bench::with(db, NO_GRACE).await;
    let ada = bench.assay.user("ada");
    let mut there = signed_in(&bench, &ada).await;
    let mut visitor = signed_in(&bench, &ada).await;
    let page = delete(&bench, &mut visitor, "eve@example.com").await;
    page.reply.expect_status(400);
    assert!(bench.person(&ada.email).await.is_some());

    let page = delete(&bench, &mut visitor, " ADA@example.com").await;
    let reply = page.reply.expect_status(200);
    assert!(reply.body.contains("Your account is deleted"), "{reply:#?}");
    assert!(bench.person(&ada.email).await.is_none());
    for visitor in [&mut visitor, &mut there] {
        let page = bench.open(visitor, "/auth/account").await;
        assert_eq!(page.url.path(), "/auth/login");
    }
    let page = bench.sign_in(&mut visitor, &ada.email, &ada.password).await;
    page.reply.expect_status(401);
    assert_eq!(bench.letter(&ada.email, 1).await.kind, "accountDeleted");
    let actions = bench.actions("action=user.delete").await;
    assert_eq!(actions, ["user.delete"]);
}

async fn an_account_is_deleted_later_unless_it_is_kept(db: TestDb) {
    let bench = Bench::with(db, "    deletion: { allowed: true }").await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    let page = delete(&bench, &mut visitor, &ada.email).await;
    page.reply.expect_status(200);
    let page = bench.open(&mut visitor, "/auth/account").await;
    assert_eq!(page.url.path(), "/auth/login");

    // The letter keeps it, and looking at the link does not.
    let letter = bench.letter(&ada.email, 1).await;
    assert_eq!(letter.kind, "deletionScheduled");
    assert!(letter.text.contains("14"), "{letter:?}");
    let mut reader = bench.assay.visitor();
    let page = reader.open(&letter.link()).await.page();
    let keep = page.form_with("token");
    let forged = keep.clone().fill("csrf", "AAAA");
    reader.submit(&forged).await.page().reply.expect_status(403);
    let page = reader.open(&letter.link()).await.page();
    page.reply.expect_status(200);
    reader.submit(&keep).await.page().reply.expect_status(200);
    reader.submit(&keep).await.page().reply.expect_status(410);

    // So does the owner, who can still sign in.
    let mut visitor = signed_in(&bench, &ada).await;
    delete(&bench, &mut visitor, &ada.email).await;
    let mut visitor = signed_in(&bench, &ada).await;
    let page = bench.open(&mut visitor, "/auth/account/delete").await;
    let keep = page.form_with("csrf");
    assert!(!keep.has_field("email"), "{keep:?}");
    let page = visitor.submit(&keep).await.page();
    page.reply.expect_status(200);
    assert!(bench.person(&ada.email).await.is_some());

    bench.set("    deletion: { allowed: true, gracePeriod: 1s }");
    let page = delete(&bench, &mut visitor, &ada.email).await;
    page.reply.expect_status(200);
    let deadline = Instant::now() + Duration::from_secs(30);
    while bench.person(&ada.email).await.is_some() {
        assert!(Instant::now() < deadline, "the account is not deleted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let kinds = [
        bench.letter(&ada.email, 3).await,
        bench.letter(&ada.email, 4).await,
    ];
    assert_eq!(kinds[1].kind, "accountDeleted");
}

async fn nobody_deletes_what_may_not_be_deleted(db: TestDb) {
    let bench = Bench::with(db, NO_GRACE).await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    let page = bench.open(&mut visitor, "/auth/account/delete").await;
    let form = page.form_with("email").fill("email", &ada.email);
    bench.set("    {}");
    visitor.submit(&form).await.page().reply.expect_status(404);
    let page = bench.open(&mut visitor, "/auth/account/delete").await;
    page.reply.expect_status(404);
    let page = bench.open(&mut visitor, "/auth/account").await;
    assert!(
        !page.reply.body.contains("/auth/account/delete"),
        "{page:#?}"
    );
    assert!(bench.person(&ada.email).await.is_some());

    // Nor does somebody who found a browser that was left signed in.
    let recent = "
---
apiVersion: assay/v1
kind: Module
metadata: { name: session }
spec: { settings: { recentSignIn: 1s } }";
    bench.set(&format!("{NO_GRACE}{recent}"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    for path in ["/auth/account/delete", "/auth/account/export"] {
        let page = bench.open(&mut visitor, path).await;
        assert_eq!(page.url.path(), "/auth/login");
        let back = format!("return_to={}", path.replace('/', "%2F"));
        assert_eq!(page.url.query(), Some(back.as_str()));
    }
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/login");
    assert!(bench.person(&ada.email).await.is_some());
}

async fn sessions_are_called_by_the_names_of_their_browsers(db: TestDb) {
    let bench = Bench::with(db, "    {}").await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0";
    let page = bench.open(&mut bench.assay.visitor(), "/auth/login").await;
    let cookie = page.reply.header("set-cookie").unwrap().to_owned();
    let form = page
        .form_with("password")
        .fill("email", &ada.email)
        .fill("password", &ada.password);
    let request = bench
        .assay
        .request(Method::POST, "/auth/login")
        .header(USER_AGENT, firefox)
        .header("cookie", cookie.split(';').next().unwrap())
        .header(
            "origin",
            bench.assay.url("/").origin().ascii_serialization(),
        );
    Reply::to(crate::harness::with_form(request, &form.fields))
        .await
        .expect_status(303);
    let page = bench.open(&mut visitor, "/auth/account").await;
    assert!(page.reply.body.contains("Firefox on Linux"), "{page:#?}");
    assert!(!page.reply.body.contains("Gecko"), "{page:#?}");
    let mut german = bench.assay.visitor().reading("de");
    german.cookies.clone_from(&visitor.cookies);
    let page = bench.open(&mut german, "/auth/account").await;
    assert!(page.reply.body.contains("Firefox unter Linux"), "{page:#?}");
}
