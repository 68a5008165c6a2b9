//! People create accounts that they get into by a passkey.

use serde_json::{Value, json};

use super::{Bench, PASSWORD, TestDb, finished, manifests};
use crate::harness::{Assay, Manifests, Page, Reply, SecurityKey, Visitor};

both_databases!(
    an_account_needs_no_password,
    people_register_where_there_are_only_passkeys,
    no_passkey_is_made_for_an_account_that_there_will_not_be,
    a_passkey_counts_for_the_registration_it_was_made_for,
    who_holds_the_link_makes_one_account,
    where_passkeys_are_off_none_is_offered,
);

const OPEN: &str = "    registration: { mode: open }";
const START: &str = "/auth/register/finish/passkey/start";
const FINISH: &str = "/auth/register/finish/passkey/finish";
const ONLY_PASSKEYS: &str = "---
apiVersion: assay/v1
kind: Module
metadata: { name: password }
spec: { enabled: false }
";

/// The form that the link of the letter to this address leads to, as the page's script sends it.
async fn form(bench: &Bench, visitor: &mut Visitor, email: &str) -> Value {
    bench.ask(visitor, email).await;
    let letter = bench.letter(email, 1).await;
    let page = visitor.open(&letter.link()).await.page();
    assert!(offers_passkeys(&page), "{page:#?}");
    fields(&page)
}

fn fields(page: &Page) -> Value {
    let fields = page.form_with("token").fields.into_iter();
    let fields = fields.filter(|(name, _)| name != "password");
    Value::Object(fields.map(|(name, value)| (name, json!(value))).collect())
}

fn offers_passkeys(page: &Page) -> bool {
    let mut buttons = page.tags("button").into_iter();
    buttons.any(|button| button.attribute("data-join").is_some())
}

async fn start(bench: &Bench, visitor: &mut Visitor, form: &Value) -> Reply {
    visitor.post_json(&bench.assay.url(START), form).await
}

async fn finish(bench: &Bench, visitor: &mut Visitor, form: &Value, credential: &Value) -> Reply {
    let body = json!({ "form": form, "credential": credential });
    visitor.post_json(&bench.assay.url(FINISH), &body).await
}

async fn path(bench: &Bench, visitor: &mut Visitor) -> String {
    let page = bench.open(visitor, "/auth/account").await;
    page.url.path().to_owned()
}

#[track_caller]
fn expect_problem(reply: Reply, status: u16, kind: &str) -> String {
    let reply = reply.expect_status(status);
    let problem = reply.json();
    assert_eq!(problem["type"], format!("urn:assay:problem:{kind}"));
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

async fn an_account_needs_no_password(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    let form = form(&bench, &mut visitor, "ada@example.com").await;
    let challenge = start(&bench, &mut visitor, &form).await.expect_status(200);
    // Until it is finished, nobody is known.
    assert!(bench.person("ada@example.com").await.is_none());
    let mut phone = SecurityKey::new();
    let credential = phone.create(&bench.assay, &challenge.json());
    let reply = finish(&bench, &mut visitor, &form, &credential).await;
    let location = reply.expect_status(200).json()["location"].clone();
    assert_eq!(location, "/auth/account");
    assert_eq!(path(&bench, &mut visitor).await, "/auth/account");

    let person = bench.person("ada@example.com").await.expect("an account");
    assert_eq!(person["emailVerified"], true);
    assert_eq!(person["id"], user_id(&phone));
    let id = person["id"].as_str().unwrap();
    let mut actions = bench.actions(&format!("user={id}")).await;
    actions.sort();
    assert_eq!(actions, ["passkey.add", "session.sign_in", "user.register"]);
    let mut elsewhere = bench.assay.visitor();
    let reply = phone.sign_in(&bench.assay, &mut elsewhere).await;
    reply.expect_status(200);
    assert_eq!(path(&bench, &mut elsewhere).await, "/auth/account");
}

/// The id that the authenticator was given (Web Authentication Level 3, 5.4.3).
fn user_id(key: &SecurityKey) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = URL_SAFE_NO_PAD.decode(&key.user_handle).expect("base64url");
    String::from_utf8(bytes).expect("an id")
}

async fn people_register_where_there_are_only_passkeys(db: TestDb) {
    let all = format!("{}{ONLY_PASSKEYS}", manifests(OPEN));
    let manifests = Manifests::new().file("all.yaml", &all);
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let bench = Bench { assay, manifests };
    let mut visitor = bench.assay.visitor();
    // Nobody has a passkey yet, and the page leads to where the first one is made.
    let login = bench.open(&mut visitor, "/auth/login").await;
    assert!(login.reply.body.contains("/auth/register"), "{login:#?}");
    bench.ask(&mut visitor, "ada@example.com").await;
    let letter = bench.letter("ada@example.com", 1).await;
    let page = visitor.open(&letter.link()).await.page();
    assert!(!page.forms()[0].has_field("password"), "{page:#?}");
    // Nobody gets in with a password that they send all the same.
    let mut sent = page.form_with("token");
    sent.fields
        .push(("password".to_owned(), PASSWORD.to_owned()));
    let refused = visitor.submit(&sent).await.page();
    refused.expect_status(404);
    assert!(bench.person("ada@example.com").await.is_none());

    let form = fields(&page);
    let challenge = start(&bench, &mut visitor, &form).await.expect_status(200);
    let mut phone = SecurityKey::new();
    let credential = phone.create(&bench.assay, &challenge.json());
    let reply = finish(&bench, &mut visitor, &form, &credential).await;
    reply.expect_status(200);
    assert_eq!(path(&bench, &mut visitor).await, "/auth/account");
}

async fn no_passkey_is_made_for_an_account_that_there_will_not_be(db: TestDb) {
    let settings =
        "    registration: { mode: open, requiredFields: [given_name], fields: [website] }";
    let bench = Bench::with(db, settings).await;
    let mut visitor = bench.assay.visitor();
    let form = form(&bench, &mut visitor, "ada@example.com").await;
    for (field, value, why) in [
        ("given_name", "", "First name"),
        ("website", "javascript:alert(1)", "website"),
        ("csrf", "x", "too long"),
        ("token", "x", "too old"),
    ] {
        let mut wrong = form.clone();
        wrong["given_name"] = json!("Ada");
        wrong[field] = json!(value);
        let reply = start(&bench, &mut visitor, &wrong).await;
        let status = match field {
            "csrf" => 403,
            "token" => 410,
            _ => 400,
        };
        let told = expect_problem(reply, status, "registration-refused");
        assert!(told.contains(why), "{field}: {told}");
    }
    let mut right = form.clone();
    right["given_name"] = json!("Ada");
    let challenge = start(&bench, &mut visitor, &right).await.expect_status(200);
    let credential = SecurityKey::new().create(&bench.assay, &challenge.json());
    // The same is looked at once more when the account is made.
    let reply = finish(&bench, &mut visitor, &form, &credential).await;
    expect_problem(reply, 400, "registration-refused");
    assert!(bench.person("ada@example.com").await.is_none());
    let reply = finish(&bench, &mut visitor, &right, &credential).await;
    reply.expect_status(200);
    let person = bench.person("ada@example.com").await.expect("an account");
    assert_eq!(person["attributes"], json!({ "given_name": "Ada" }));
}

async fn a_passkey_counts_for_the_registration_it_was_made_for(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    let ada = form(&bench, &mut visitor, "ada@example.com").await;
    let eve = form(&bench, &mut visitor, "eve@example.com").await;
    let challenge = start(&bench, &mut visitor, &eve).await.expect_status(200);
    let credential = SecurityKey::new().create(&bench.assay, &challenge.json());
    // Not for another registration, nor in another browser, nor for an account that is there.
    let reply = finish(&bench, &mut visitor, &ada, &credential).await;
    expect_problem(reply, 400, "challenge-unknown");
    let challenge = start(&bench, &mut visitor, &ada).await.expect_status(200);
    let credential = SecurityKey::new().create(&bench.assay, &challenge.json());
    let mut thief = bench.assay.visitor();
    bench.open(&mut thief, "/auth/login").await;
    let reply = finish(&bench, &mut thief, &ada, &credential).await;
    expect_problem(reply, 403, "registration-refused");
    let user = bench.assay.user("bob");
    let mut bob = bench.assay.visitor();
    bench.sign_in(&mut bob, &user.email, &user.password).await;
    let reply = crate::harness::passkey::register_finish(&bench.assay, &mut bob, &credential, "");
    expect_problem(reply.await, 400, "challenge-unknown");
    for email in ["ada@example.com", "eve@example.com"] {
        assert!(bench.person(email).await.is_none());
    }
    let reply = finish(&bench, &mut visitor, &ada, &credential).await;
    reply.expect_status(200);
}

async fn who_holds_the_link_makes_one_account(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    bench.ask(&mut visitor, "ada@example.com").await;
    let letter = bench.letter("ada@example.com", 1).await;
    let page = visitor.open(&letter.link()).await.page();
    let form = fields(&page);
    let challenge = start(&bench, &mut visitor, &form).await.expect_status(200);
    let mut phone = SecurityKey::new();
    let credential = phone.create(&bench.assay, &challenge.json());
    // In the meantime they have chosen a password.
    visitor.submit(&finished(&page, PASSWORD)).await.page();
    let mut other = bench.assay.visitor();
    other.cookies.clone_from(&visitor.cookies);
    let reply = finish(&bench, &mut other, &form, &credential).await;
    expect_problem(reply, 410, "registration-refused");
    let reply = phone
        .sign_in(&bench.assay, &mut bench.assay.visitor())
        .await;
    expect_problem(reply, 401, "passkey-unknown");
}

async fn where_passkeys_are_off_none_is_offered(db: TestDb) {
    let off = "---
apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { enabled: false }
";
    let manifests = Manifests::new().file("all.yaml", &format!("{}{off}", manifests(OPEN)));
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let bench = Bench { assay, manifests };
    let mut visitor = bench.assay.visitor();
    bench.ask(&mut visitor, "ada@example.com").await;
    let letter = bench.letter("ada@example.com", 1).await;
    let page = visitor.open(&letter.link()).await.page();
    assert!(!offers_passkeys(&page), "{page:#?}");
    let reply = start(&bench, &mut visitor, &fields(&page)).await;
    expect_problem(reply, 404, "module-disabled");
}
