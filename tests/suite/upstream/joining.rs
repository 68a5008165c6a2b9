//! Whose account an identity is: never somebody's who has not said so.

use serde_json::json;

use super::{Bench, with_password};
use crate::harness::{Reply, TestDb, WebhookReceiver};

both_databases!(
    an_address_that_nobody_verified_takes_nothing_over,
    a_verified_address_of_a_trusted_provider_links,
    the_owner_is_asked_after_they_have_signed_in,
    an_owner_who_says_no_is_not_linked,
    a_policy_of_never_links_nothing,
    nobody_is_let_in_whom_the_manifest_keeps_out,
    without_sign_up_nobody_comes_to_be,
    a_closed_account_stays_closed,
    a_service_is_asked_before_somebody_signs_up_and_told_after,
);

const VERIFIED: &str = "  trustEmail: true\n  linking: verified_email\n";

/// Neither the upstream's address nor ours is enough unless both are verified, there by a provider whose
/// word counts.
async fn an_address_that_nobody_verified_takes_nothing_over(db: TestDb) {
    let bench = Bench::with(db, VERIFIED).await;
    // Verified there, but never here: whoever made the account may have waited for its owner.
    let ada = bench.assay.user("ada");
    expect_to_be_asked(&bench, 0).await;

    // Verified here, but not there.
    let id = bench.people().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/auth/admin/auth/users/{id}");
    let gone = bench.assay.admin(reqwest::Method::DELETE, &path);
    Reply::to(gone).await.expect_status(204);
    bench.verified_ada().await;
    assert_eq!(bench.people().await[0]["email"], ada.email.as_str());
    for verified in [json!(false), json!(null), json!("false")] {
        bench.up.behave(|up| up.claims["email_verified"] = verified);
        expect_to_be_asked(&bench, 1).await;
    }

    // Verified at both, by a provider whose word does not count.
    bench
        .up
        .behave(|up| up.claims["email_verified"] = json!(true));
    bench.change("");
    expect_to_be_asked(&bench, 1).await;
}

/// The sign-in ends at the page where the owner signs in, and nobody is.
async fn expect_to_be_asked(bench: &Bench, links: usize) {
    let mut stranger = bench.assay.visitor();
    let page = bench.sign_in(&mut stranger).await.page();
    assert_eq!(page.url.path(), "/auth/login", "{page:#?}");
    assert_eq!(bench.signed_in(&mut stranger).await, None);
    assert_eq!(bench.people().await.len(), 1);
    assert_eq!(bench.audit("user.upstream_linked").await.len(), links);
}

async fn a_verified_address_of_a_trusted_provider_links(db: TestDb) {
    let bench = Bench::with(db, VERIFIED).await;
    bench.verified_ada().await;
    let mut visitor = bench.assay.visitor();

    bench.sign_in(&mut visitor).await.page();

    let found = bench.signed_in(&mut visitor).await;
    assert_eq!(found.as_deref(), Some("ada@example.com"));
    assert_eq!(bench.people().await.len(), 1);
    let linked = bench.audit("user.upstream_linked").await;
    assert_eq!(
        linked[0]["detail"],
        json!({ "upstream": "up", "by": "verified_email" })
    );
}

async fn the_owner_is_asked_after_they_have_signed_in(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let ada = bench.assay.user("ada");
    let mut visitor = bench.assay.visitor();
    let request = bench.leave(&mut visitor, "/auth/account?from=afar").await;
    let login = visitor.open(&bench.up.answer(&request)).await.page();
    let question = with_password(&mut visitor, &login, &ada).await.page();
    assert_eq!(question.url.path(), "/auth/upstream/up/link");
    assert!(bench.audit("user.upstream_linked").await.is_empty());

    // A form that is not from this page links nothing.
    let form = question
        .form_with_button("decision")
        .press("decision", "link");
    let forged = form.clone().fill("csrf", "forged");
    visitor
        .submit(&forged)
        .await
        .page()
        .reply
        .expect_status(403);
    assert!(bench.audit("user.upstream_linked").await.is_empty());

    let page = visitor.submit(&form).await.page();

    // And on to where they were going.
    assert_eq!(page.url.query(), Some("from=afar"));
    let linked = bench.audit("user.upstream_linked").await;
    assert_eq!(linked[0]["detail"]["by"], "asked");
    let mut elsewhere = bench.assay.visitor();
    bench.sign_in(&mut elsewhere).await.page();
    assert_eq!(bench.signed_in(&mut elsewhere).await, Some(ada.email));
}

async fn an_owner_who_says_no_is_not_linked(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let ada = bench.assay.user("ada");
    let mut visitor = bench.assay.visitor();
    let login = bench.sign_in(&mut visitor).await.page();
    let question = with_password(&mut visitor, &login, &ada).await.page();
    let form = question.form_with_button("decision");

    visitor
        .submit(&form.clone().press("decision", "leave"))
        .await
        .page();

    // The offer is gone: the other answer comes too late.
    visitor.submit(&form.press("decision", "link")).await.page();
    assert!(bench.audit("user.upstream_linked").await.is_empty());

    // An offer waits at the browser where it was made, and nowhere else.
    let mut eve = bench.assay.visitor();
    bench.sign_in(&mut eve).await.page();
    let bystander = visitor
        .open(&bench.assay.url("/auth/upstream/up/link"))
        .await
        .page();
    assert_eq!(bystander.url.path(), "/auth/account");
}

async fn a_policy_of_never_links_nothing(db: TestDb) {
    let bench = Bench::with(db, "  linking: never\n  trustEmail: true\n").await;
    bench.verified_ada().await;
    bench
        .expect_refusal(&mut bench.assay.visitor(), "account_exists")
        .await;

    // Of another address, somebody new comes to be.
    bench
        .up
        .behave(|up| up.claims["email"] = json!("grace@example.com"));
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    assert_eq!(bench.people().await.len(), 2);
}

async fn nobody_is_let_in_whom_the_manifest_keeps_out(db: TestDb) {
    let bench = Bench::with(
        db,
        "  allowedDomains: [example.com]\n  requiredClaims: { hd: example.com }\n",
    )
    .await;
    let mut visitor = bench.assay.visitor();
    bench.expect_refusal(&mut visitor, "required_claims").await;
    bench.up.behave(|up| up.claims["hd"] = json!("example.com"));
    for email in ["ada@evil.example", "ada@example.com.evil.example"] {
        bench.up.behave(|up| up.claims["email"] = json!(email));
        bench.expect_refusal(&mut visitor, "allowed_domains").await;
    }
    bench.up.behave(|up| {
        up.claims["email"] = json!("ada@example.com");
        up.claims["email_verified"] = json!(false);
    });
    bench.expect_refusal(&mut visitor, "allowed_domains").await;
    bench
        .up
        .behave(|up| up.claims["email_verified"] = json!(true));
    bench.sign_in(&mut visitor).await.page();
    assert!(bench.signed_in(&mut visitor).await.is_some());

    // Who came in once is kept out once the manifest says so.
    bench.change("  allowedDomains: [other.example]\n");
    bench
        .expect_refusal(&mut bench.assay.visitor(), "allowed_domains")
        .await;
}

async fn without_sign_up_nobody_comes_to_be(db: TestDb) {
    let bench = Bench::with(db, "  signUp: false\n  linking: never\n").await;
    bench
        .expect_refusal(&mut bench.assay.visitor(), "no_account")
        .await;
    assert!(bench.people().await.is_empty());

    // An account needs an address.
    bench.change("  linking: never\n");
    bench.up.behave(|up| {
        up.claims.as_object_mut().unwrap().remove("email");
        up.userinfo = Some(json!({ "sub": "ada-there" }));
    });
    bench
        .expect_refusal(&mut bench.assay.visitor(), "no_email")
        .await;
    assert!(bench.people().await.is_empty());
}

async fn a_closed_account_stays_closed(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let id = bench.people().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/auth/admin/auth/users/{id}");
    let close = bench
        .assay
        .admin(reqwest::Method::PATCH, &path)
        .json(&json!({ "state": "disabled" }));
    Reply::to(close).await.expect_status(200);

    bench
        .expect_refusal(&mut bench.assay.visitor(), "account_closed")
        .await;
}

async fn a_service_is_asked_before_somebody_signs_up_and_told_after(db: TestDb) {
    let receiver = WebhookReceiver::start().await;
    let hook = receiver.manifest("crm", "registration.before, registration.after", "");
    let bench = Bench::with_manifests(db, "", &format!("---\n{hook}")).await;
    receiver.answer(200, r#"{"allow": false, "message": "Not from <there>."}"#);

    let page = bench
        .expect_refusal(&mut bench.assay.visitor(), "webhook")
        .await;

    assert!(page.reply.body.contains("Not from &#60;there&#62;."));
    assert!(bench.people().await.is_empty());
    let (_, asked) = &receiver.received("registration.before")[0];
    assert_eq!(
        asked["data"]["user"],
        json!({ "id": null, "email": "ada@example.com", "attributes": { "name": "Ada" } })
    );

    receiver.answer(204, "");
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let (_, told) = &receiver.wait_for("registration.after", 1).await[0];
    let people = bench.people().await;
    assert_eq!(told["data"]["user"]["id"], people[0]["id"]);
    // Whoever is known already is not asked about again.
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    assert_eq!(receiver.received("registration.before").len(), 2);
}
