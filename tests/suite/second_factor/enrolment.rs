//! Setting up an authenticator, and looking after it.

use serde_json::Value;

use super::{Bench, MANAGE, SET_UP, asks_for_code};
use crate::harness::{Authenticator, TestDb};

both_databases!(
    an_authenticator_counts_once_a_code_of_it_was_typed,
    the_page_shows_the_secret_once_and_nothing_keeps_it_in_the_clear,
    an_offer_is_for_the_person_it_was_made_to,
    another_authenticator_takes_the_place_of_the_first,
    the_first_factor_alone_does_not_do_away_with_the_second,
    what_was_removed_is_not_asked_for,
);

async fn an_authenticator_counts_once_a_code_of_it_was_typed(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let page = bench.open(&mut visitor, SET_UP).await;
    let mut authenticator = Authenticator::set_up_with(&page);
    let wrong = authenticator.wrong_code();
    let form = page.form_with("offer").fill("code", &wrong);
    let again = visitor.submit(&form).await.page();
    again.expect_status(400);
    // The same secret, so that nobody has to scan anew.
    let code = authenticator.code().await;
    let mut other = bench.assay.visitor();
    let there = bench.enter_password(&mut other).await;
    assert!(!asks_for_code(&there), "{there:#?}");

    let before = visitor.cookies["assay_session"].clone();
    let form = again.form_with("offer").fill("code", &code);
    let page = visitor.submit(&form).await.page();
    let codes = super::codes(&page);
    assert_eq!(
        codes
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        10
    );
    // The session knows it by now, under another name (refusal 32).
    assert_ne!(visitor.cookies["assay_session"], before);
    let page = bench.open(&mut visitor, MANAGE).await;
    assert_eq!(page.url.path(), MANAGE);
    let there = bench.enter_password(&mut bench.assay.visitor()).await;
    assert!(asks_for_code(&there), "{there:#?}");
    assert_eq!(bench.audit("second_factor.add").await.len(), 1);
}

async fn the_page_shows_the_secret_once_and_nothing_keeps_it_in_the_clear(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let page = bench.open(&mut visitor, SET_UP).await;
    assert_eq!(page.tags("svg").len(), 1, "{page:#?}");
    // Nothing is loaded from anywhere, and nothing runs.
    let policy = page.reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
    assert!(page.tags("img").is_empty() && page.tags("script").is_empty());
    let (_, codes) = bench.set_up(&mut bench.assay.visitor()).await;
    // The secret is sealed and the codes are hashes: no column holds what was shown.
    let clear = "UPDATE totp_factors SET used_at = used_at WHERE LENGTH(secret) < 40";
    assert_eq!(bench.alter(clear).await, 0);
    let hashes = "UPDATE recovery_codes SET used_at = NULL WHERE LENGTH(code_hash) = 32";
    assert_eq!(bench.alter(hashes).await, 10);
    for code in codes {
        assert!(!bench.assay.logs().contains(&code));
    }
}

async fn an_offer_is_for_the_person_it_was_made_to(db: TestDb) {
    let bench = Bench::on(db).await;
    let eve = bench.assay.user("eve");
    let mut intruder = bench.assay.visitor();
    let login = bench.open(&mut intruder, "/auth/login").await;
    let form = login
        .form_with("password")
        .fill("email", &eve.email)
        .fill("password", &eve.password);
    intruder.submit(&form).await.page();
    let page = bench.open(&mut intruder, SET_UP).await;
    let mut hers = Authenticator::set_up_with(&page);
    let (_, offer) = page
        .form_with("offer")
        .fields
        .into_iter()
        .find(|(name, _)| name == "offer")
        .unwrap();

    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let page = bench.open(&mut visitor, SET_UP).await;
    let form = page
        .form_with("offer")
        .fill("offer", &offer)
        .fill("code", &hers.code().await);
    visitor.submit(&form).await.page().expect_status(400);
    assert_eq!(bench.alter("UPDATE totp_factors SET used_at = 1").await, 0);
}

async fn another_authenticator_takes_the_place_of_the_first(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    let (mut first, codes) = bench.set_up(&mut visitor).await;
    let page = bench.open(&mut visitor, SET_UP).await;
    let mut second = Authenticator::set_up_with(&page);
    let form = page.form_with("offer").fill("code", &second.code().await);
    super::codes(&visitor.submit(&form).await.page());

    let mut other = bench.assay.visitor();
    let page = bench.enter_password(&mut other).await;
    let code = first.code().await;
    let page = Bench::show_code(&mut other, &page, &code).await.page();
    page.expect_status(401);
    let form = page
        .form_with("recovery_code")
        .fill("recovery_code", &codes[0]);
    let page = other.submit(&form).await.page();
    page.expect_status(401);
    let code = second.code().await;
    Bench::show_code(&mut other, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut other).await);
}

async fn the_first_factor_alone_does_not_do_away_with_the_second(db: TestDb) {
    let bench = Bench::on(db).await;
    // A session from before there was a second factor.
    let mut older = bench.assay.visitor();
    bench.enter_password(&mut older).await;
    let page = bench.open(&mut older, SET_UP).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;

    for path in [MANAGE, SET_UP] {
        let page = bench.open(&mut older, path).await;
        assert!(asks_for_code(&page), "{path} {page:#?}");
    }
    let mut own = Authenticator::set_up_with(&page);
    let form = page.form_with("offer").fill("code", &own.code().await);
    let there = older.submit(&form).await.page();
    assert!(asks_for_code(&there), "{there:#?}");
    for action in ["remove", "recovery-codes", "forget"] {
        let mut form = page.form_with("offer");
        form.action = bench.assay.url(&format!("{MANAGE}/{action}"));
        let there = older.submit(&form).await.page();
        assert!(asks_for_code(&there), "{action} {there:#?}");
    }
    // The right code leads back to where they were going.
    let page = bench.open(&mut older, MANAGE).await;
    let code = authenticator.code().await;
    let page = Bench::show_code(&mut older, &page, &code).await.page();
    assert_eq!(page.url.path(), MANAGE);

    // Nor does a browser that somebody left signed in.
    assert!(
        bench
            .alter("UPDATE sessions SET authenticated_at = 1")
            .await
            >= 1
    );
    let page = bench.open(&mut older, MANAGE).await;
    assert_eq!(page.url.path(), "/auth/login");
}

async fn what_was_removed_is_not_asked_for(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    bench.set_up(&mut visitor).await;
    let page = bench.open(&mut visitor, MANAGE).await;
    let form = page.form_with_button("remove");
    let forged = form
        .clone()
        .fill("csrf", "x")
        .press("remove", "authenticator");
    visitor.submit(&forged).await.page().expect_status(403);
    let form = form.press("remove", "authenticator");
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), MANAGE);
    let left = "UPDATE recovery_codes SET used_at = NULL";
    assert_eq!(bench.alter(left).await, 0);
    let mut other = bench.assay.visitor();
    bench.enter_password(&mut other).await;
    assert!(bench.is_signed_in(&mut other).await);
    let removed = bench.audit("second_factor.remove").await;
    let actor = removed[0]["actor"].as_str().unwrap();
    assert_eq!(removed[0]["subject"], Value::from(actor));
}
