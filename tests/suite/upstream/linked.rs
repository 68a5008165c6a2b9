//! `/auth/account/linked`: people link and unlink by themselves.

use serde_json::json;

use super::{Bench, with_password};
use crate::harness::{Page, SecurityKey, TestDb, User, Visitor};

both_databases!(
    an_account_is_linked_and_unlinked_by_its_owner,
    the_last_way_in_stays,
    a_link_and_a_passkey_are_each_a_way_in,
    an_identity_belongs_to_one_account,
    a_link_is_for_whoever_asked_for_it,
    the_page_asks_who_it_is_after_a_while,
);

async fn signed_in(bench: &Bench, user: &User) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let login = visitor.open(&bench.assay.url("/auth/login")).await.page();
    with_password(&mut visitor, &login, user).await.page();
    visitor
}

async fn linked(bench: &Bench, visitor: &mut Visitor) -> Page {
    let url = bench.assay.url("/auth/account/linked");
    visitor.open(&url).await.page()
}

async fn link(bench: &Bench, visitor: &mut Visitor) -> Page {
    let page = linked(bench, visitor).await;
    let request = visitor.submit(&page.form_with("upstream")).await.left();
    visitor.open(&bench.up.answer(&request)).await.page()
}

async fn an_account_is_linked_and_unlinked_by_its_owner(db: TestDb) {
    let bench = Bench::with(db, "  linking: never\n").await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    let overview = visitor.open(&bench.assay.url("/auth/account")).await.page();
    let leads_there = |page: &Page| {
        let mut links = page.tags("a").into_iter();
        links.any(|link| link.attribute("href") == Some("/auth/account/linked"))
    };
    assert!(leads_there(&overview), "{overview:#?}");

    let page = link(&bench, &mut visitor).await;

    assert_eq!(page.url.path(), "/auth/account/linked");
    assert!(page.reply.body.contains("ada@example.com"), "{page:#?}");
    let mut elsewhere = bench.assay.visitor();
    bench.sign_in(&mut elsewhere).await.page();
    assert_eq!(bench.signed_in(&mut elsewhere).await, Some(ada.email));

    let page = visitor.submit(&page.form_with("link")).await.page();
    assert!(page.forms().iter().all(|form| !form.has_field("link")));
    let gone = bench.audit("user.upstream_unlinked").await;
    assert_eq!(gone[0]["detail"], json!({ "upstream": "up" }));
    bench
        .expect_refusal(&mut bench.assay.visitor(), "account_exists")
        .await;
}

async fn the_last_way_in_stays(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    let page = linked(&bench, &mut visitor).await;

    let refused = visitor.submit(&page.form_with("link")).await.page();

    refused.reply.clone().expect_status(409);
    assert!(refused.form_with("link").has_field("link"));
    assert!(bench.audit("user.upstream_unlinked").await.is_empty());
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    assert_eq!(bench.people().await.len(), 1);
}

async fn a_link_and_a_passkey_are_each_a_way_in(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    let mut phone = SecurityKey::new();
    let added = phone.register(&bench.assay, &mut visitor, "Phone").await;
    added.expect_status(200);
    // Nobody has a password here. The link stays, so the passkey may go.
    let passkeys = bench.assay.url("/auth/account/passkeys");
    let page = visitor.open(&passkeys).await.page();
    let mut forms = page.forms().into_iter();
    let form = forms.find(|form| form.action.path().ends_with("/remove"));
    let removed = visitor.submit(&form.unwrap()).await.page();
    removed.expect_status(200);
    // Another passkey stays, so the link may go.
    let mut key = SecurityKey::new();
    let added = key.register(&bench.assay, &mut visitor, "Key").await;
    added.expect_status(200);
    let page = linked(&bench, &mut visitor).await;
    let page = visitor.submit(&page.form_with("link")).await.page();
    page.expect_status(200);
    assert_eq!(bench.audit("user.upstream_unlinked").await.len(), 1);
    // And now the passkey may not.
    let page = visitor.open(&passkeys).await.page();
    let mut forms = page.forms().into_iter();
    let form = forms.find(|form| form.action.path().ends_with("/remove"));
    visitor
        .submit(&form.unwrap())
        .await
        .page()
        .expect_status(409);
}

async fn an_identity_belongs_to_one_account(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let eve = bench.assay.user("eve");
    let mut visitor = signed_in(&bench, &eve).await;

    let refused = link(&bench, &mut visitor).await;

    refused.reply.expect_status(403);
    let events = bench.audit("session.sign_in_failed").await;
    assert_eq!(events[0]["detail"]["reason"], "linked_elsewhere");
    let mut ada = bench.assay.visitor();
    bench.sign_in(&mut ada).await.page();
    let still = bench.signed_in(&mut ada).await;
    assert_eq!(still.as_deref(), Some("ada@example.com"));
}

/// Neither does an answer link to whoever sits at the browser by then, nor can a page elsewhere begin it.
async fn a_link_is_for_whoever_asked_for_it(db: TestDb) {
    let bench = Bench::with(db, "  linking: never\n").await;
    let (ada, eve) = (bench.assay.user("ada"), bench.assay.user("eve"));
    let mut visitor = signed_in(&bench, &ada).await;
    let page = linked(&bench, &mut visitor).await;
    let form = page.form_with("upstream");
    let forged = visitor.submit(&form.clone().fill("csrf", "x")).await.page();
    forged.reply.expect_status(403);
    let request = visitor.submit(&form).await.left();
    let answer = bench.up.answer(&request);

    // Somebody else signs in meanwhile.
    let overview = visitor.open(&bench.assay.url("/auth/account")).await.page();
    let sign_out = overview.forms().remove(0);
    assert!(sign_out.action.path().ends_with("sign-out"));
    visitor.submit(&sign_out).await.page();
    let login = visitor.open(&bench.assay.url("/auth/login")).await.page();
    with_password(&mut visitor, &login, &eve).await.page();

    let refused = visitor.open(&answer).await.page();
    refused.reply.expect_status(403);
    assert!(bench.audit("user.upstream_linked").await.is_empty());
}

async fn the_page_asks_who_it_is_after_a_while(db: TestDb) {
    let strict = "---
apiVersion: assay/v1
kind: Module
metadata: { name: session }
spec: { settings: { recentSignIn: 1s } }
";
    let bench = Bench::with_manifests(db, "", strict).await;
    let ada = bench.assay.user("ada");
    let mut visitor = signed_in(&bench, &ada).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let page = linked(&bench, &mut visitor).await;

    assert_eq!(page.url.path(), "/auth/login");
    let page = with_password(&mut visitor, &page, &ada).await.page();
    assert_eq!(page.url.path(), "/auth/account/linked");
}
