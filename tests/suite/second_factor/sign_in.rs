//! A sign-in with two things, and every way around the second.

use serde_json::json;

use super::{Bench, MANAGE, MULTI, PROMPT, asks_for_code};
use crate::harness::{TestDb, Visitor};

both_databases!(
    the_second_factor_is_asked_for_and_said_in_the_tokens,
    a_password_alone_opens_nothing,
    a_code_counts_once,
    a_recovery_code_counts_once,
    one_proof_of_many_at_once_counts,
    a_sign_in_that_waits_belongs_to_its_browser_and_ends_with_its_cause,
    a_form_of_another_site_proves_nothing,
);

async fn the_second_factor_is_asked_for_and_said_in_the_tokens(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let wiki = bench.client("wiki").await;
    let request = wiki.authorization();
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.password(&page)).await.page();
    assert!(asks_for_code(&page), "{page:#?}");
    let before = visitor.cookies.clone();

    let wrong = authenticator.wrong_code();
    let page = Bench::show_code(&mut visitor, &page, &wrong).await.page();
    page.expect_status(401);
    assert!(asks_for_code(&page), "{page:#?}");
    let old = authenticator.old_code();
    let page = Bench::show_code(&mut visitor, &page, &old).await.page();
    page.expect_status(401);
    assert!(!visitor.cookies.contains_key("assay_session"));

    let code = authenticator.code().await;
    let callback = Bench::show_code(&mut visitor, &page, &code).await.left();
    // Where they were going has survived the detour.
    let code = wiki.code_in(&callback, &request);
    let tokens = wiki.redeem(&code, &request).await.tokens();
    let claims = wiki.id_token_claims(&tokens.id_token.unwrap()).await;
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["acr"], MULTI);
    assert!(!before.contains_key("assay_session"));
    assert!(before.contains_key("assay_pending"));
    assert!(!visitor.cookies.contains_key("assay_pending"));
}

async fn a_password_alone_opens_nothing(db: TestDb) {
    let bench = Bench::on(db).await;
    bench.ada_with_authenticator().await;
    let wiki = bench.client("wiki").await;
    let request = wiki.authorization();
    let mut visitor = bench.assay.visitor();
    let login = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.password(&login)).await.page();
    assert!(asks_for_code(&page), "{page:#?}");
    assert!(!visitor.cookies.contains_key("assay_session"));

    // The steps that would come next, called one by one.
    let return_to = login.form_with("password");
    let (_, return_to) = return_to
        .fields
        .iter()
        .find(|(name, _)| name == "return_to")
        .expect("a place");
    for place in [
        return_to,
        "/auth/account",
        MANAGE,
        "/auth/account/second-factors/set-up",
    ] {
        let page = bench.open(&mut visitor, place).await;
        assert_eq!(page.url.path(), "/auth/login", "{place}");
    }
    let silent = wiki.authorization().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "login_required");
    // Nor can another authenticator be set up in the place of the one that is asked for, or the question
    // be put off.
    for (action, extra) in [("set-up", "code"), ("later", "later")] {
        let mut form = page.form_with("code");
        form.action = bench.assay.url(&format!("{PROMPT}/{action}"));
        form.fields.push((extra.to_owned(), "yes".to_owned()));
        form.fields.dedup_by_key(|(name, _)| name.clone());
        let page = visitor.submit(&form).await.page();
        assert!(asks_for_code(&page), "{action} {page:#?}");
        assert!(!bench.is_signed_in(&mut visitor).await, "{action}");
    }
}

async fn a_code_counts_once(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    // Not even the code that it was set up with.
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    let used = authenticator.same_code();
    let page = Bench::show_code(&mut visitor, &page, &used).await.page();
    page.expect_status(401);
    let code = authenticator.code().await;
    Bench::show_code(&mut visitor, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut visitor).await);

    let mut onlooker = bench.assay.visitor();
    let page = bench.enter_password(&mut onlooker).await;
    let page = Bench::show_code(&mut onlooker, &page, &code).await.page();
    page.expect_status(401);
    assert!(!bench.is_signed_in(&mut onlooker).await);
}

async fn a_recovery_code_counts_once(db: TestDb) {
    let bench = Bench::on(db).await;
    let (_, codes) = bench.ada_with_authenticator().await;
    let show = async |visitor: &mut Visitor, code: &str| {
        let page = bench.enter_password(visitor).await;
        let form = page.form_with("recovery_code").fill("recovery_code", code);
        visitor.submit(&form).await.page().reply.status
    };
    let mut visitor = bench.assay.visitor();
    // As somebody types it.
    let typed = format!(" {} ", codes[0].replace('-', " ").to_lowercase());
    assert_eq!(show(&mut visitor, &typed).await, 200);
    let page = bench.open(&mut visitor, MANAGE).await;
    let left = page.tags("bdi").into_iter().any(|tag| tag.text == "9");
    assert!(left, "{page:#?}");

    let mut finder = bench.assay.visitor();
    assert_eq!(show(&mut finder, &codes[0]).await, 401);
    assert!(!bench.is_signed_in(&mut finder).await);
    assert_eq!(show(&mut finder, &codes[1]).await, 200);

    // New ones make the old ones void.
    let renew = page.form_with_button("renew").press("renew", "codes");
    let new = super::codes(&visitor.submit(&renew).await.page());
    let mut finder = bench.assay.visitor();
    assert_eq!(show(&mut finder, &codes[2]).await, 401);
    assert_eq!(show(&mut finder, &new[0]).await, 200);
}

async fn one_proof_of_many_at_once_counts(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, codes) = bench.ada_with_authenticator().await;
    let code = authenticator.code().await;
    for (field, value) in [("code", &code), ("recovery_code", &codes[0])] {
        let mut visitors = Vec::new();
        for _ in 0..4 {
            let mut visitor = bench.assay.visitor();
            let page = bench.enter_password(&mut visitor).await;
            let form = page.form_with(field).fill(field, value);
            visitors.push((visitor, form));
        }
        let tries = visitors.into_iter().map(async |(mut visitor, form)| {
            let page = visitor.submit(&form).await.page();
            page.url.path() == "/auth/account"
        });
        let outcomes = futures_util::future::join_all(tries).await;
        let count = outcomes.iter().filter(|signed_in| **signed_in).count();
        assert_eq!(count, 1, "{field} {outcomes:?}");
    }
}

async fn a_sign_in_that_waits_belongs_to_its_browser_and_ends_with_its_cause(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    let code = authenticator.code().await;

    // Another browser has nothing that waits.
    let mut stranger = bench.assay.visitor();
    let there = bench.open(&mut stranger, PROMPT).await;
    assert_eq!(there.url.path(), "/auth/login");
    // Not with the form of this one either: it is bound to the browser.
    let form = page.form_with("code").fill("code", &code);
    stranger.cookies.insert(
        "assay_pending".to_owned(),
        visitor.cookies["assay_pending"].clone(),
    );
    stranger.submit(&form).await.page().expect_status(403);
    stranger.cookies.remove("assay_pending");

    // Each sign-in waits under a name of its own, whatever cookie was there before.
    let planted = visitor.cookies["assay_pending"].clone();
    stranger
        .cookies
        .insert("assay_pending".to_owned(), planted.clone());
    bench.enter_password(&mut stranger).await;
    assert_ne!(stranger.cookies["assay_pending"], planted);

    // Used up, it is gone.
    let spent = visitor.cookies.clone();
    Bench::show_code(&mut visitor, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut visitor).await);
    let mut again = bench.assay.visitor();
    again.cookies = spent;
    let there = bench.open(&mut again, PROMPT).await;
    assert_eq!(there.url.path(), "/auth/login");

    // What comes between ends it: another password, a closed account, time.
    for cause in [
        "UPDATE pending_sign_ins SET expires_at = 1",
        "UPDATE users SET state = 'disabled'",
    ] {
        let mut visitor = bench.assay.visitor();
        let page = bench.enter_password(&mut visitor).await;
        assert!(asks_for_code(&page), "{cause}");
        assert!(bench.alter(cause).await >= 1);
        let there = bench.open(&mut visitor, PROMPT).await;
        assert_eq!(there.url.path(), "/auth/login", "{cause}");
        let code = authenticator.wrong_code();
        let there = Bench::show_code(&mut visitor, &page, &code).await.page();
        assert_eq!(there.url.path(), "/auth/login", "{cause}");
        bench.alter("UPDATE users SET state = 'active'").await;
    }
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    bench.set_password("another horse battery").await;
    let there = bench.open(&mut visitor, PROMPT).await;
    assert_eq!(there.url.path(), "/auth/login");
}

async fn a_form_of_another_site_proves_nothing(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    let code = authenticator.code().await;
    let forged = page.form_with("code").fill("code", &code).fill("csrf", "x");
    let page = visitor.submit(&forged).await.page();
    page.expect_status(403);
    assert!(!bench.is_signed_in(&mut visitor).await);
    // The code was not even looked at.
    Bench::show_code(&mut visitor, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut visitor).await);
}
