//! Who needs a second factor, who may put it off, and who is not asked.

use super::{Bench, MANAGE, NO_PASSKEYS, PROMPT, asks_for_code};
use crate::harness::{Authenticator, Page, TestDb, Visitor};

both_databases!(
    who_has_none_sets_one_up_before_they_are_in,
    it_can_be_put_off_for_as_long_as_the_settings_say,
    administrators_need_one_where_the_settings_say_so,
    a_browser_that_is_remembered_is_not_asked,
    a_remembered_browser_is_forgotten_with_the_password,
    a_remembered_browser_gives_nobody_two_factors,
    where_it_is_off_nobody_is_asked,
    where_it_is_off_a_device_that_wants_two_factors_is_refused,
);

fn offers(page: &Page) -> bool {
    page.url.path() == PROMPT && page.forms().iter().any(|form| form.has_field("offer"))
}

/// Sets up what the page offers, and goes on.
async fn set_up_here(visitor: &mut Visitor, page: &Page) -> (Authenticator, Page) {
    let mut authenticator = Authenticator::set_up_with(page);
    let code = authenticator.code().await;
    let form = page.form_with("offer").fill("code", &code);
    let page = visitor.submit(&form).await.page();
    super::codes(&page);
    (authenticator, page)
}

async fn who_has_none_sets_one_up_before_they_are_in(db: TestDb) {
    let bench = Bench::with_settings(db, "{ policy: required }").await;
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(offers(&page), "{page:#?}");
    assert!(page.forms().iter().all(|form| form.buttons.is_empty()));
    assert!(!bench.is_signed_in(&mut visitor).await);
    // Putting it off is not among what they may do, whatever they send.
    let mut form = page.form_with("offer");
    form.action = bench.assay.url(&format!("{PROMPT}/later"));
    let page = visitor.submit(&form).await.page();
    assert!(offers(&page), "{page:#?}");
    let form = page.form_with("offer");
    let wrong = form.fill("code", &Authenticator::set_up_with(&page).wrong_code());
    let page = visitor.submit(&wrong).await.page();
    page.expect_status(400);
    assert!(!bench.is_signed_in(&mut visitor).await);

    let (mut authenticator, _) = set_up_here(&mut visitor, &page).await;
    assert!(bench.is_signed_in(&mut visitor).await);
    let mut other = bench.assay.visitor();
    let page = bench.enter_password(&mut other).await;
    assert!(asks_for_code(&page) && !offers(&page));
    let code = authenticator.code().await;
    Bench::show_code(&mut other, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut other).await);
}

async fn it_can_be_put_off_for_as_long_as_the_settings_say(db: TestDb) {
    let bench = Bench::with_settings(db, "{ policy: required, grace: 7d }").await;
    for _ in 0..2 {
        let mut visitor = bench.assay.visitor();
        let page = bench.enter_password(&mut visitor).await;
        assert!(offers(&page), "{page:#?}");
        let form = page.form_with_button("later");
        let forged = form.clone().fill("csrf", "x").press("later", "yes");
        assert!(offers(&visitor.submit(&forged).await.page()));
        visitor.submit(&form.press("later", "yes")).await.page();
        assert!(bench.is_signed_in(&mut visitor).await);
    }
    let over = "UPDATE second_factor_requests SET asked_at = asked_at - 7 * 86400000";
    assert_eq!(bench.alter(over).await, 1);
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(offers(&page), "{page:#?}");
    assert!(page.forms().iter().all(|form| form.buttons.is_empty()));
    set_up_here(&mut visitor, &page).await;
    assert!(bench.is_signed_in(&mut visitor).await);
}

async fn administrators_need_one_where_the_settings_say_so(db: TestDb) {
    let bench = Bench::with_settings(db, "{ requiredForAdmins: true, grace: 7d }").await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);
    assert_eq!(bench.alter("UPDATE users SET is_admin = TRUE").await, 1);
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(offers(&page), "{page:#?}");
    assert!(page.forms().iter().all(|form| form.buttons.is_empty()));
    assert!(!bench.is_signed_in(&mut visitor).await);
}

/// Signs in with a code, and asks to be remembered.
async fn remembered(bench: &Bench, authenticator: &mut Authenticator) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    let mut form = page.form_with("code");
    assert!(
        page.tags("input")
            .iter()
            .any(|tag| tag.attribute("name") == Some("remember"))
    );
    form.fields.push(("remember".to_owned(), "yes".to_owned()));
    let code = authenticator.code().await;
    visitor.submit(&form.fill("code", &code)).await.page();
    assert!(bench.is_signed_in(&mut visitor).await);
    // They sign out; what remembers the browser is another cookie.
    visitor.cookies.remove("assay_session");
    visitor
}

async fn a_browser_that_is_remembered_is_not_asked(db: TestDb) {
    let bench = Bench::with_settings(db, "{ rememberFor: 30d }").await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = remembered(&bench, &mut authenticator).await;
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);
    // Somebody else at this browser is asked, and so is ada at another.
    let cookie = visitor.cookies["assay_remembered"].clone();
    let page = bench.enter_password(&mut bench.assay.visitor()).await;
    assert!(asks_for_code(&page));
    let mut forger = bench.assay.visitor();
    let forged = format!("{}x", &cookie[..cookie.len() - 1]);
    forger.cookies.insert("assay_remembered".to_owned(), forged);
    assert!(asks_for_code(&bench.enter_password(&mut forger).await));

    // She takes it back, and is asked again.
    let mut owner = bench.assay.visitor();
    let page = bench.enter_password(&mut owner).await;
    let code = authenticator.code().await;
    Bench::show_code(&mut owner, &page, &code).await.page();
    let page = bench.open(&mut owner, MANAGE).await;
    owner.submit(&page.form_with("device")).await.page();
    visitor.cookies.remove("assay_session");
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_code(&page), "{page:#?}");
}

async fn a_remembered_browser_is_forgotten_with_the_password(db: TestDb) {
    let bench = Bench::with_settings(db, "{ rememberFor: 30d }").await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = remembered(&bench, &mut authenticator).await;
    bench.set_password(&bench.ada.password).await;
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_code(&page), "{page:#?}");

    let mut visitor = remembered(&bench, &mut authenticator).await;
    let over = "UPDATE remembered_devices SET expires_at = 1";
    assert_eq!(bench.alter(over).await, 1);
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_code(&page), "{page:#?}");
}

async fn a_remembered_browser_gives_nobody_two_factors(db: TestDb) {
    let bench = Bench::with_settings(db, "{ rememberFor: 30d }").await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = remembered(&bench, &mut authenticator).await;
    let vault = bench.client("vault").await;
    let request = vault.authorization();
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.password(&page)).await.page();
    assert!(asks_for_code(&page), "{page:#?}");
    // The session is there, and has one factor.
    let silent = vault.authorization().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(vault.error_in(&callback, &silent), "login_required");
    let page = bench.open(&mut visitor, MANAGE).await;
    assert!(asks_for_code(&page), "{page:#?}");
}

async fn where_it_is_off_nobody_is_asked(db: TestDb) {
    let bench = Bench::on(db).await;
    bench.ada_with_authenticator().await;
    bench.change_settings("{ policy: off }");
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);
    let page = bench.open(&mut visitor, MANAGE).await;
    assert_eq!(page.url.path(), "/auth/account");
    assert!(!page.reply.body.contains(MANAGE));
}

async fn where_it_is_off_a_device_that_wants_two_factors_is_refused(db: TestDb) {
    let bench = Bench::with_settings(db, "{ policy: off }").await;
    let vault = bench.client("vault").await;
    let device = vault
        .post("device_authorization_endpoint", &[("scope", "openid")])
        .await
        .expect_status(200)
        .json();
    let link = device["verification_uri_complete"].as_str().unwrap();
    let link = link.parse().unwrap();
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;

    let page = visitor.open(&link).await.page();
    let page = visitor.submit(&page.form_with("user_code")).await.page();

    page.expect_status(403);
    assert!(page.reply.body.contains("You cannot sign in"), "{page:#?}");

    // A passkey would do: they are asked to sign in with one, once.
    let passkeys = NO_PASSKEYS.replace("false", "true");
    let manifests = super::manifests("{ policy: off }").file("passkey.yaml", &passkeys);
    bench.assay.apply(&manifests);
    let page = visitor.open(&link).await.page();
    let login = visitor.submit(&page.form_with("user_code")).await.page();
    assert_eq!(login.url.path(), "/auth/login", "{login:#?}");
    let page = visitor.submit(&bench.password(&login)).await.page();
    page.expect_status(403);
}
