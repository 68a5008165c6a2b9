//! What a person lets clients see and do, shown to them and taken back.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Form, Page, Reply, TestDb, Visitor};

both_databases!(
    a_person_sees_and_withdraws_access,
    a_foreign_form_withdraws_nothing,
    support_sees_and_withdraws_access,
);

async fn account(bench: &Bench, visitor: &mut Visitor) -> Page {
    let url = bench.assay.url("/auth/account");
    visitor.open(&url).await.page()
}

fn withdrawal_forms(page: &Page) -> Vec<Form> {
    let mut forms = page.forms();
    forms.retain(|form| form.action.path() == "/auth/account/access/withdraw");
    forms
}

async fn a_person_sees_and_withdraws_access(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let intranet = bench.intranet().await;
    let (mut visitor, tokens) = bench.tokens(&wiki).await;
    let others = intranet.sign_in(&mut visitor, &bench.ada).await;
    let waiting = wiki.authorization();
    let code = wiki.code_in(&visitor.open(&waiting.url()).await.left(), &waiting);

    let page = account(&bench, &mut visitor).await;
    let body = &page.reply.body;
    assert!(body.contains("Wiki"), "{body}");
    assert!(
        body.contains("Keep this access while you are away"),
        "{body}"
    );
    // One that nobody was asked about is shown as well, and its name is not run.
    assert!(body.contains("&#60;script&#62;alert(1)"), "{body}");
    let forms = withdrawal_forms(&page);
    assert_eq!(forms.len(), 2, "{page:#?}");
    let form = forms
        .into_iter()
        .find(|form| {
            form.fields
                .contains(&("client".to_owned(), "wiki".to_owned()))
        })
        .unwrap();
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/account");
    assert!(!page.reply.body.contains("Wiki"), "{page:#?}");

    // Nothing that came from it is good for anything.
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    wiki.redeem(&code, &waiting)
        .await
        .expect_error("invalid_grant");
    // What other clients have stays, and the person is asked again.
    intranet
        .userinfo(&others.access_token)
        .await
        .expect_status(200);
    let silent = wiki.authorization().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "consent_required");
    let event = &bench.audit("oidc.consent_withdrawn").await[0];
    assert_eq!(event["subject"], "client:wiki");
    // A second press of the button is no error.
    let page = account(&bench, &mut visitor).await;
    let again = withdrawal_forms(&page)[0].clone().fill("client", "wiki");
    visitor.submit(&again).await.page().reply.expect_status(200);
    assert_eq!(bench.audit("oidc.consent_withdrawn").await.len(), 1);
}

async fn a_foreign_form_withdraws_nothing(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let (mut visitor, tokens) = bench.tokens(&wiki).await;
    let page = account(&bench, &mut visitor).await;
    let form = withdrawal_forms(&page)[0].clone();
    let forged = form.clone().fill("csrf", "AAAA");
    visitor
        .submit(&forged)
        .await
        .page()
        .reply
        .expect_status(403);
    // Another person's form is about their own access.
    let grace = bench.assay.user("grace");
    let mut other = bench.assay.visitor();
    wiki.sign_in(&mut other, &grace).await;
    let page = account(&bench, &mut other).await;
    other.submit(&withdrawal_forms(&page)[0]).await.page();
    wiki.userinfo(&tokens.access_token).await.expect_status(200);
    // Nobody who is not signed in gets anywhere.
    let mut stranger = bench.assay.visitor();
    let page = stranger.submit(&form).await.page();
    page.form_with("password");
    wiki.userinfo(&tokens.access_token).await.expect_status(200);
}

async fn support_sees_and_withdraws_access(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (_, tokens) = bench.tokens(&wiki).await;
    let person = wiki.userinfo(&tokens.access_token).await.json();
    let path = format!(
        "/auth/admin/auth/users/{}/consents",
        person["sub"].as_str().unwrap()
    );
    let send = async |method: Method, path: &str| Reply::to(bench.assay.admin(method, path)).await;
    let listed = async || -> Value {
        send(Method::GET, &path).await.expect_status(200).json()["consents"].clone()
    };
    let all = listed().await;
    assert_eq!(all[0]["client"], "wiki", "{all:#}");
    assert_eq!(all[0]["displayName"], "Wiki", "{all:#}");
    assert_eq!(all[0]["scopes"], json!(["offline_access", "openid"]));
    assert_eq!(all[0]["liveGrants"], 1, "{all:#}");

    let none = send(Method::DELETE, &format!("{path}/intranet")).await;
    none.expect_status(404);
    let none = send(Method::DELETE, &format!("{path}/nobody")).await;
    none.expect_status(404);
    let one = format!("{path}/wiki");
    send(Method::DELETE, &one).await.expect_status(204);
    assert_eq!(listed().await, json!([]));
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    let event = &bench.audit("oidc.consent_withdrawn").await[0];
    assert!(
        event["actor"].as_str().unwrap().starts_with("admin"),
        "{event:#}"
    );
    // Only with a key, and only about somebody.
    let reply = bench.assay.get(&path).await;
    reply.expect_status(401);
    let reply = send(Method::GET, "/auth/admin/auth/users/nobody/consents").await;
    reply.expect_status(404);
}
