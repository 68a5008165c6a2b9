//! Looking after passkeys.

use reqwest::Method;

use super::{ada_with_passkey, audit, expect_problem, is_signed_in, signed_in};
use crate::harness::{Assay, Reply, SecurityKey, TestDb, Visitor};

both_databases!(
    a_person_names_and_removes_their_passkeys,
    a_letter_tells_of_each_change,
    nobody_touches_the_passkeys_of_others,
    the_last_way_in_stays,
    a_person_has_twenty_at_most,
    operators_list_and_remove_passkeys,
);

const PAGE: &str = "/auth/account/passkeys";

async fn page(assay: &Assay, visitor: &mut Visitor) -> crate::harness::Page {
    let page = visitor.open(&assay.url(PAGE)).await.page();
    assert_eq!(page.url.path(), PAGE);
    page
}

async fn a_person_names_and_removes_their_passkeys(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut visitor, mut phone) = ada_with_passkey(&assay).await;
    let overview = visitor.open(&assay.url("/auth/account")).await.page();
    assert!(overview.reply.body.contains(PAGE), "{overview:?}");
    let shown = page(&assay, &mut visitor).await;
    assert!(shown.reply.body.contains("Not used yet"), "{shown:?}");
    phone
        .sign_in(&assay, &mut assay.visitor())
        .await
        .expect_status(200);

    let shown = page(&assay, &mut visitor).await;
    assert!(!shown.reply.body.contains("Not used yet"), "{shown:?}");
    let form = shown
        .form_with("name")
        .fill("name", "  <b>Ada's\tphone</b> ");
    let shown = visitor.submit(&form).await.page();
    assert!(
        shown
            .reply
            .body
            .contains("&#60;b&#62;Ada&#39;s phone&#60;/b&#62;"),
        "{shown:?}"
    );
    let named = audit(&assay, "passkey.rename").await;
    assert_eq!(named[0]["detail"]["name"], "<b>Ada's phone</b>");

    let remove = shown
        .forms()
        .into_iter()
        .find(|form| form.action.path().ends_with("/remove"));
    let shown = visitor.submit(&remove.unwrap()).await.page();
    assert!(
        shown.reply.body.contains("You have no passkey yet"),
        "{shown:?}"
    );
    assert_eq!(audit(&assay, "passkey.add").await.len(), 1);
    assert_eq!(audit(&assay, "passkey.remove").await.len(), 1);
    let reply = phone.sign_in(&assay, &mut assay.visitor()).await;
    expect_problem(reply, 401, "passkey-unknown");
}

async fn a_letter_tells_of_each_change(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut visitor, _) = ada_with_passkey(&assay).await;
    let added = "UPDATE mails SET kind = kind WHERE kind = 'passkeyAdded'";
    assert!(is_written(&assay, "passkeyAdded", added).await);
    let removed = "UPDATE mails SET kind = kind WHERE kind = 'passkeyRemoved'";
    let shown = page(&assay, &mut visitor).await;
    let mut forms = shown.forms().into_iter();
    let remove = forms.find(|form| form.action.path().ends_with("/remove"));
    visitor.submit(&remove.unwrap()).await.page();
    assert!(is_written(&assay, "passkeyRemoved", removed).await);
}

/// Whether there is a letter of this kind: in the outbox, or in the folder that is beside a file.
async fn is_written(assay: &Assay, kind: &str, in_the_outbox: &'static str) -> bool {
    let data = assay.folder().join("data");
    for _ in 0..200 {
        let sent = std::fs::read_dir(data.join("mails")).into_iter().flatten();
        let mut names = sent.flatten().map(|file| file.file_name());
        let end = format!("{kind}.eml");
        let is_sent = names.any(|name| name.to_string_lossy().ends_with(&end));
        if is_sent || assay.db().alter(&data, in_the_outbox).await > 0 {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    false
}

async fn nobody_touches_the_passkeys_of_others(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut ada, mut phone) = ada_with_passkey(&assay).await;
    let theirs = page(&assay, &mut ada).await;
    let form = theirs.form_with("passkey");
    let id = form.fields.iter().find(|(name, _)| name == "passkey");
    let id = id.unwrap().1.clone();
    let mallory = assay.user("mallory");
    let mut visitor = signed_in(&assay, &mallory).await;
    let mut own = SecurityKey::new();
    own.register(&assay, &mut visitor, "Mine")
        .await
        .expect_status(200);
    let shown = page(&assay, &mut visitor).await;
    for form in shown.forms() {
        let form = form.fill("passkey", &id);
        visitor.submit(&form).await.page();
        // Nor without the token of the form.
        let mut foreign = theirs.form_with("passkey");
        foreign.action = form.action;
        let answer = visitor.submit(&foreign).await.page();
        assert_eq!(answer.reply.status, 403, "{answer:?}");
    }

    assert!(audit(&assay, "passkey.remove").await.is_empty());
    assert!(audit(&assay, "passkey.rename").await.is_empty());
    phone.sign_in(&assay, &mut visitor).await.expect_status(200);
}

async fn the_last_way_in_stays(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut visitor, mut phone) = ada_with_passkey(&assay).await;
    let data = assay.folder().join("data");
    let without = "UPDATE users SET password_hash = NULL";
    assert_eq!(assay.db().alter(&data, without).await, 1);
    let removing = |page: &crate::harness::Page| {
        let mut forms = page.forms().into_iter();
        forms
            .find(|form| form.action.path().ends_with("/remove"))
            .unwrap()
    };
    let form = removing(&page(&assay, &mut visitor).await);

    let answer = visitor.submit(&form).await.page();

    assert_eq!(answer.reply.status, 409, "{answer:?}");
    assert!(
        answer.reply.body.contains("could not sign in any more"),
        "{answer:?}"
    );
    let mut elsewhere = assay.visitor();
    phone
        .sign_in(&assay, &mut elsewhere)
        .await
        .expect_status(200);
    assert!(is_signed_in(&assay, &mut elsewhere).await);
    // With a second one, either may go.
    let mut key = SecurityKey::new();
    key.register(&assay, &mut visitor, "Key")
        .await
        .expect_status(200);
    let answer = visitor.submit(&form).await.page();
    assert_eq!(answer.reply.status, 200, "{answer:?}");
    key.sign_in(&assay, &mut elsewhere).await.expect_status(200);
}

async fn a_person_has_twenty_at_most(db: TestDb) {
    let assay = Assay::start(db).await;
    let (_, mut visitor, _) = ada_with_passkey(&assay).await;
    for _ in 1..20 {
        let mut key = SecurityKey::new();
        key.register(&assay, &mut visitor, "")
            .await
            .expect_status(200);
    }

    let reply = SecurityKey::new().register(&assay, &mut visitor, "").await;

    expect_problem(reply, 409, "conflict");
}

async fn operators_list_and_remove_passkeys(db: TestDb) {
    let assay = Assay::start(db).await;
    let (ada, _, mut phone) = ada_with_passkey(&assay).await;
    let path = format!("/auth/admin/auth/users?email={}", ada.email);
    let users = Reply::to(assay.admin(Method::GET, &path)).await.json();
    let user = users["users"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/auth/admin/auth/users/{user}/passkeys");

    let listed = Reply::to(assay.admin(Method::GET, &path)).await;
    let listed = listed.expect_status(200).json();
    let passkey = &listed["passkeys"][0];
    assert_eq!(passkey["name"], "Phone");
    assert_eq!(passkey["aaguid"], "00000000-0000-0000-0000-000000000000");
    assert!(passkey["lastUsedAt"].is_null() && passkey["suspectedAt"].is_null());

    let one = format!("{path}/{}", passkey["id"].as_str().unwrap());
    Reply::to(assay.request(Method::DELETE, &one))
        .await
        .expect_status(401);
    Reply::to(assay.admin(Method::DELETE, &one))
        .await
        .expect_status(204);
    Reply::to(assay.admin(Method::DELETE, &one))
        .await
        .expect_status(404);
    let unknown = "/auth/admin/auth/users/nobody/passkeys";
    Reply::to(assay.admin(Method::GET, unknown))
        .await
        .expect_status(404);
    let removed = &audit(&assay, "passkey.remove").await[0];
    assert_eq!(removed["subject"], format!("user:{user}"));
    let reply = phone.sign_in(&assay, &mut assay.visitor()).await;
    expect_problem(reply, 401, "passkey-unknown");
}
