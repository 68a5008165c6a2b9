//! The address of an account: shown to be its owner's, and changed.

use reqwest::Method;

use crate::harness::{Assay, Form, Mailbox, Manifests, Page, Reply, TestDb, User, Visitor};

both_databases!(
    an_address_is_confirmed_by_a_link_that_a_scanner_cannot_use_up,
    nobody_signs_in_before_the_address_is_confirmed_if_that_is_required,
    another_address_counts_once_it_is_confirmed_there,
    the_old_address_takes_the_account_back,
    an_address_of_somebody_else_is_answered_like_any_other,
    a_change_of_the_address_voids_what_was_sent_to_the_old_one,
);

async fn start(db: TestDb, more: &str) -> (Assay, Mailbox, Manifests) {
    let mailbox = Mailbox::new();
    let manifests = Manifests::new().file("a.yaml", &(mailbox.manifest() + more));
    let assay = Assay::with(db).manifests(&manifests).start().await;
    (assay, mailbox, manifests)
}

/// Signs in on the way to a page of the account.
async fn signed_in(assay: &Assay, user: &User, path: &str) -> (Visitor, Page) {
    let mut visitor = assay.visitor();
    let login = visitor.open(&assay.url(path)).await.page();
    let form = login
        .form_with("password")
        .fill("email", &user.email)
        .fill("password", &user.password);
    let page = visitor.submit(&form).await.page();
    (visitor, page)
}

/// The form of the page that is sent there.
#[track_caller]
fn form_to(page: &Page, path: &str) -> Form {
    page.forms()
        .into_iter()
        .find(|form| form.action.path() == path)
        .unwrap_or_else(|| panic!("no form to {path}: {page:#?}"))
}

async fn person(assay: &Assay, email: &str) -> serde_json::Value {
    let path = format!("/auth/admin/auth/users?email={email}");
    let listed = Reply::to(assay.admin(Method::GET, &path)).await.json();
    listed["users"][0].clone()
}

async fn confirm(visitor: &mut Visitor, link: &url::Url) -> Page {
    let page = visitor.open(link).await.page();
    let form = page.form_with("token");
    visitor.submit(&form).await.page()
}

async fn ask_for(visitor: &mut Visitor, page: &Page, email: &str) -> Page {
    let form = form_to(page, "/auth/account/email").fill("email", email);
    visitor.submit(&form).await.page()
}

async fn an_address_is_confirmed_by_a_link_that_a_scanner_cannot_use_up(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, "").await;
    let ada = assay.user("ada");
    let (mut visitor, page) = signed_in(&assay, &ada, "/auth/account/email").await;
    let form = form_to(&page, "/auth/account/email/verify");
    visitor.submit(&form).await.page().form_with("code");
    let link = mailbox.wait_for(&ada.email, 1).await.link();
    for _ in 0..3 {
        assay.visitor().open(&link).await.page();
    }
    assert_eq!(person(&assay, &ada.email).await["emailVerified"], false);

    let done = confirm(&mut assay.visitor(), &link).await;

    assert_eq!(done.reply.status, 200, "{done:#?}");
    assert_eq!(person(&assay, &ada.email).await["emailVerified"], true);
    let again = assay.visitor().open(&link).await.page();
    assert_eq!(again.reply.status, 410);
}

const REQUIRED: &str = "---
apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec: { settings: { verification: { required: true } } }
";

async fn nobody_signs_in_before_the_address_is_confirmed_if_that_is_required(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, REQUIRED).await;
    let ada = assay.user("ada");
    let (mut visitor, page) = signed_in(&assay, &ada, "/auth/account").await;
    // Neither by going on, nor by knowing the way.
    let account = visitor.open(&assay.url("/auth/account")).await.page();
    assert_eq!(account.url.path(), "/auth/login");

    let code = mailbox.wait_for(&ada.email, 1).await.code();
    let wrong = page.form_with("code").fill("code", "BCDF-GHJK");
    let wrong = visitor.submit(&wrong).await.page();
    assert_eq!(wrong.reply.status, 400);
    let done = visitor
        .submit(&wrong.form_with("code").fill("code", &code))
        .await
        .page();
    assert_eq!(done.reply.status, 200, "{done:#?}");

    let (_, page) = signed_in(&assay, &ada, "/auth/account").await;
    assert_eq!(page.url.path(), "/auth/account");
}

async fn another_address_counts_once_it_is_confirmed_there(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, "").await;
    let ada = assay.user("ada");
    let (mut visitor, page) = signed_in(&assay, &ada, "/auth/account/email").await;
    let new = "lovelace@example.com";
    let typed = ask_for(&mut visitor, &page, new).await;
    let code = mailbox.wait_for(new, 1).await.code();
    assert!(person(&assay, new).await.is_null());

    let form = typed.form_with("code").fill("code", &code);
    let done = visitor.submit(&form).await.page();

    assert_eq!(done.reply.status, 200, "{done:#?}");
    let changed = person(&assay, new).await;
    assert_eq!(changed["emailVerified"], true);
    assert!(person(&assay, &ada.email).await.is_null());
    let told = mailbox.wait_for(&ada.email, 1).await;
    assert!(told.text.contains(new), "{told:#?}");
    let renamed = User {
        email: new.to_owned(),
        password: ada.password.clone(),
    };
    let (_, page) = signed_in(&assay, &renamed, "/auth/account").await;
    assert_eq!(page.url.path(), "/auth/account");
}

async fn the_old_address_takes_the_account_back(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, "").await;
    let ada = assay.user("ada");
    // Somebody at ada's account, who hides what they did by doing it twice.
    let (mut thief, page) = signed_in(&assay, &ada, "/auth/account/email").await;
    for (new, count) in [("thief@example.com", 1), ("ghost@example.com", 1)] {
        ask_for(&mut thief, &page, new).await;
        let link = mailbox.wait_for(new, count).await.link();
        let done = confirm(&mut thief, &link).await;
        assert_eq!(done.reply.status, 200, "{done:#?}");
    }
    let undo = mailbox.wait_for(&ada.email, 1).await.link();
    let mut owner = assay.visitor();
    owner.open(&undo).await.page();
    assert!(person(&assay, &ada.email).await.is_null());

    let done = confirm(&mut owner, &undo).await;

    assert_eq!(done.reply.status, 200, "{done:#?}");
    assert_eq!(person(&assay, &ada.email).await["emailVerified"], true);
    assert!(person(&assay, "ghost@example.com").await.is_null());
    let page = thief.open(&assay.url("/auth/account")).await.page();
    assert_eq!(page.url.path(), "/auth/login");
    // Nor does the thief take it back in turn.
    let theirs = mailbox.wait_for("thief@example.com", 2).await.link();
    let page = thief.open(&theirs).await.page();
    assert_eq!(page.reply.status, 410);
}

async fn an_address_of_somebody_else_is_answered_like_any_other(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, "").await;
    let ada = assay.user("ada");
    let bob = assay.user("bob");
    let (mut visitor, page) = signed_in(&assay, &ada, "/auth/account/email").await;
    let taken = ask_for(&mut visitor, &page, &bob.email).await;
    let free = ask_for(&mut visitor, &page, "free@example.com").await;
    assert_eq!(taken.reply.status, free.reply.status);
    assert_eq!(taken.url.path(), free.url.path());
    mailbox.wait_for("free@example.com", 1).await;
    assert_eq!(mailbox.mails().len(), 1);
}

async fn a_change_of_the_address_voids_what_was_sent_to_the_old_one(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db, "").await;
    let ada = assay.user("ada");
    let mut asking = assay.visitor();
    let page = asking.open(&assay.url("/auth/recover")).await.page();
    let form = page.form_with("email").fill("email", &ada.email);
    asking.submit(&form).await.page();
    let recovery = mailbox.wait_for(&ada.email, 1).await.link();
    let (mut visitor, page) = signed_in(&assay, &ada, "/auth/account/email").await;
    ask_for(&mut visitor, &page, "lovelace@example.com").await;
    let link = mailbox.wait_for("lovelace@example.com", 1).await.link();
    confirm(&mut visitor, &link).await;

    let page = asking.open(&recovery).await.page();
    assert_eq!(page.reply.status, 410);
}
