//! People create accounts because they are invited.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, PASSWORD, Reply, TestDb, finished};

both_databases!(
    an_invited_address_has_an_account_at_once,
    a_link_for_anybody_is_good_for_so_many,
    an_invitation_is_taken_back,
    invitations_that_make_no_sense_are_refused,
);

const INVITED: &str = "    registration: { mode: invitation, emailDomains: [example.com] }";

async fn invite(bench: &Bench, new: Value) -> Reply {
    let request = bench
        .assay
        .admin(Method::POST, "/auth/admin/auth/invitations");
    Reply::to(request.json(&new)).await
}

async fn an_invited_address_has_an_account_at_once(db: TestDb) {
    let bench = Bench::with(db, INVITED).await;
    // Whatever the domain.
    let new = json!({ "email": "Ada@Example.org", "send": true, "language": "de" });
    let sent = invite(&bench, new).await.expect_status(201).json();
    assert_eq!(sent["email"], "ada@example.org");
    assert_eq!(sent["link"], Value::Null);
    let letter = bench.letter("ada@example.org", 1).await;
    assert_eq!(letter.kind, "invitation");
    assert!(letter.text.contains("Einladung"), "{letter:?}");

    // Opening it uses nothing up.
    bench.assay.visitor().open(&letter.link()).await.page();
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&letter.link()).await.page();
    let form = finished(&page, PASSWORD);
    let account = visitor.submit(&form).await.page();
    assert_eq!(account.url.path(), "/auth/account");
    let person = bench.person("ada@example.org").await.expect("an account");
    assert_eq!(person["emailVerified"], true);
    bench
        .assay
        .visitor()
        .open(&letter.link())
        .await
        .page()
        .reply
        .expect_status(410);
    let again = visitor.submit(&form).await.page();
    again.reply.expect_status(410);

    let again = json!({ "email": "ada@example.org", "send": true });
    invite(&bench, again).await.expect_status(409);
}

async fn a_link_for_anybody_is_good_for_so_many(db: TestDb) {
    let bench = Bench::with(db, INVITED).await;
    let sent = invite(&bench, json!({ "uses": 2 }))
        .await
        .expect_status(201)
        .json();
    let link: reqwest::Url = sent["link"].as_str().unwrap().parse().unwrap();
    // Each shows that the address is theirs, which the link does not.
    let mut forms = Vec::new();
    for email in ["ada@example.com", "bob@example.com", "eve@example.com"] {
        let mut visitor = bench.assay.visitor();
        let page = visitor.open(&link).await.page();
        let form = page.form_with("email").fill("email", email);
        visitor.submit(&form).await.page();
        let letter = bench.letter(email, 1).await;
        let page = visitor.open(&letter.link()).await.page();
        forms.push((visitor, finished(&page, PASSWORD)));
    }
    let mut ends = Vec::new();
    for (visitor, form) in &mut forms {
        ends.push(visitor.submit(form).await.page().reply.status.as_u16());
    }
    assert_eq!(ends, [200, 200, 410]);
    bench
        .assay
        .visitor()
        .open(&link)
        .await
        .page()
        .reply
        .expect_status(410);
    let mut visitor = bench.assay.visitor();
    let finish = link
        .as_str()
        .replace("/auth/register?", "/auth/register/finish?");
    let page = visitor.open(&finish.parse().unwrap()).await.page();
    page.reply.expect_status(410);
    // Outside of the domains nobody is let in by it.
    let sent = invite(&bench, json!({})).await.expect_status(201).json();
    let link = sent["link"].as_str().unwrap().parse().unwrap();
    let page = visitor.open(&link).await.page();
    let form = page.form_with("email").fill("email", "ada@example.org");
    visitor.submit(&form).await.page().reply.expect_status(400);
}

async fn an_invitation_is_taken_back(db: TestDb) {
    let bench = Bench::with(db, INVITED).await;
    let sent = invite(&bench, json!({ "email": "ada@example.com" })).await;
    let sent = sent.expect_status(201).json();
    let id = sent["id"].as_str().unwrap().to_owned();
    let link = sent["link"].as_str().unwrap().parse().unwrap();
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&link).await.page();
    visitor.submit(&page.form_with("email")).await.page();
    let letter = bench.letter("ada@example.com", 1).await;
    let page = visitor.open(&letter.link()).await.page();

    let list = || {
        Reply::to(
            bench
                .assay
                .admin(Method::GET, "/auth/admin/auth/invitations"),
        )
    };
    let listed = list().await.expect_status(200);
    assert!(!listed.body.contains("assay_inv_"), "{listed:?}");
    assert_eq!(listed.json()["invitations"][0]["id"], id.as_str());
    let path = format!("/auth/admin/auth/invitations/{id}");
    let revoke = || Reply::to(bench.assay.admin(Method::DELETE, &path));
    revoke().await.expect_status(204);
    revoke().await.expect_status(404);
    assert_eq!(list().await.json()["invitations"], json!([]));

    let page = visitor.submit(&finished(&page, PASSWORD)).await.page();
    page.reply.expect_status(410);
    assert!(bench.person("ada@example.com").await.is_none());
}

async fn invitations_that_make_no_sense_are_refused(db: TestDb) {
    let bench = Bench::with(db, INVITED).await;
    for (new, why) in [
        (json!({ "send": true }), "needs an `email`"),
        (json!({ "email": "ada" }), "e-mail address"),
        (
            json!({ "email": "ada@example.com", "uses": 2 }),
            "one account",
        ),
        (json!({ "uses": 0 }), "at least 1"),
        (json!({ "expiresIn": 0 }), "seconds"),
        (json!({ "language": "tlh" }), "tlh"),
        (json!({ "surprise": 1 }), "surprise"),
    ] {
        let refused = invite(&bench, new).await.expect_status(400);
        assert!(refused.body.contains(why), "{why}: {refused:?}");
    }
}
