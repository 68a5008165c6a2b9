//! `prompt`, `display` and the like, and people who go back, open a second tab, or come too late.

use serde_json::json;

use super::Bench;
use crate::harness::{Authorization, Form, Page, RelyingParty, TestDb, Visitor};

both_databases!(
    a_person_chooses_the_account,
    a_choice_counts_for_its_request_and_session,
    an_account_cannot_be_made_on_request_while_registration_is_off,
    what_only_helps_is_never_refused,
    two_tabs_do_not_disturb_each_other,
    going_back_is_no_dead_end,
    an_old_request_is_asked_anew,
);

async fn signed_in(bench: &Bench) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let intranet = bench.intranet().await;
    let url = intranet.authorization().url();
    visitor.sign_in(&url, &bench.ada).await;
    visitor
}

fn choosing(client: &RelyingParty) -> Authorization {
    client.authorization().with("prompt", "select_account")
}

/// Where the page's link to another account leads.
fn other_account(page: &Page) -> reqwest::Url {
    let links = page.tags("a");
    let link = links.iter().find_map(|tag| {
        let href = tag.attribute("href")?;
        href.starts_with("/auth/login").then(|| href.to_owned())
    });
    page.url
        .join(&link.expect("a link to another account"))
        .unwrap()
}

fn password(page: &Page, user: &crate::harness::User) -> Form {
    page.form_with("password")
        .fill("email", &user.email)
        .fill("password", &user.password)
}

async fn a_person_chooses_the_account(db: TestDb) {
    let bench = Bench::on(db).await;
    let grace = bench.assay.user("grace");
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench).await;

    let request = choosing(&intranet);
    let page = visitor.open(&request.url()).await.page();
    assert_eq!(page.url.path(), "/auth/select-account");
    assert!(page.reply.body.contains(&bench.ada.email), "{page:#?}");
    let policy = page.reply.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let callback = visitor.submit(&page.form_with("flow")).await.left();
    let code = intranet.code_in(&callback, &request);
    let tokens = intranet.redeem(&code, &request).await.tokens();
    let person = intranet.userinfo(&tokens.access_token).await.json();
    assert_eq!(person["email"], bench.ada.email);

    // Another account: who has just signed in has chosen.
    let request = choosing(&intranet);
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.open(&other_account(&page)).await.page();
    let callback = visitor.submit(&password(&page, &grace)).await.left();
    let code = intranet.code_in(&callback, &request);
    let tokens = intranet.redeem(&code, &request).await.tokens();
    let person = intranet.userinfo(&tokens.access_token).await.json();
    assert_eq!(person["email"], grace.email);

    // Nobody is signed in: nothing to choose from.
    let request = choosing(&intranet);
    let mut stranger = bench.assay.visitor();
    let callback = stranger.sign_in(&request.url(), &bench.ada).await;
    intranet.code_in(&callback, &request);
    // With a consent to give, both are asked.
    let wiki = bench.wiki().await;
    let request = choosing(&wiki);
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&page.form_with("flow")).await.page();
    let allow = page.form_with_button("decision").press("decision", "allow");
    wiki.code_in(&visitor.submit(&allow).await.left(), &request);
}

async fn a_choice_counts_for_its_request_and_session(db: TestDb) {
    let bench = Bench::on(db).await;
    let grace = bench.assay.user("grace");
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench).await;
    let request = choosing(&intranet);
    let page = visitor.open(&request.url()).await.page();
    let form = page.form_with("flow");

    let forged = form.clone().fill("csrf", "AAAA");
    let refused = visitor.submit(&forged).await.page();
    refused.reply.clone().expect_status(403);
    // There is a way on.
    let again = refused.tags("a")[0].attribute("href").unwrap().to_owned();
    let page = visitor
        .open(&refused.url.join(&again).unwrap())
        .await
        .page();
    page.form_with("flow");

    // Somebody else has signed in meanwhile: the old page speaks of nobody any more.
    let login = bench.assay.url("/auth/login?return_to=/auth/logout");
    let page = visitor.open(&login).await.page();
    visitor.submit(&password(&page, &grace)).await.page();
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/select-account");
    assert!(page.reply.body.contains(&grace.email), "{page:#?}");
    // The next request asks again.
    visitor.submit(&page.form_with("flow")).await.left();
    let page = visitor.open(&choosing(&intranet).url()).await.page();
    assert_eq!(page.url.path(), "/auth/select-account");
    // A flow of another browser is shown to nobody.
    let mut other = bench.assay.visitor();
    let page = other.open(&page.url).await.page();
    page.form_with("password");
}

async fn an_account_cannot_be_made_on_request_while_registration_is_off(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization().with("prompt", "create");
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(intranet.error_in(&callback, &request), "invalid_request");
    assert!(callback.as_str().contains("create"), "{callback}");
    let supported = &intranet.provider["prompt_values_supported"];
    let expected = json!(["none", "login", "consent", "select_account"]);
    assert_eq!(*supported, expected);
}

async fn what_only_helps_is_never_refused(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    for (name, value) in [
        ("display", "popup"),
        ("display", "hologram"),
        ("ui_locales", "tlh de-CH en"),
        ("claims_locales", "fr"),
        ("login_hint", "ada@example.com"),
        ("nobody_knows", "this"),
    ] {
        let request = intranet.authorization().with(name, value);
        let mut visitor = bench.assay.visitor();
        let page = visitor.open(&request.url()).await.page();
        let form = page.form_with("password");
        if name == "login_hint" {
            let email = ("email".to_owned(), value.to_owned());
            assert!(form.fields.contains(&email), "{form:?}");
        }
        let callback = visitor.submit(&password(&page, &bench.ada)).await.left();
        intranet.code_in(&callback, &request);
    }
}

async fn two_tabs_do_not_disturb_each_other(db: TestDb) {
    let bench = Bench::on(db).await;
    let (intranet, wiki) = (bench.intranet().await, bench.wiki().await);
    let mut visitor = bench.assay.visitor();
    let (one, two) = (intranet.authorization(), wiki.authorization());
    let first = visitor.open(&one.url()).await.page();
    let second = visitor.open(&two.url()).await.page();
    let callback = visitor.submit(&password(&first, &bench.ada)).await.left();
    let code = intranet.code_in(&callback, &one);
    intranet.redeem(&code, &one).await.tokens();
    // The other tab still shows the sign-in. It works, and so would loading it again.
    let page = visitor.submit(&password(&second, &bench.ada)).await.page();
    let allow = page.form_with_button("decision").press("decision", "allow");
    let code = wiki.code_in(&visitor.submit(&allow).await.left(), &two);
    wiki.redeem(&code, &two).await.tokens();
    let page = visitor.open(&second.url).await.page();
    page.form_with("password");
}

async fn going_back_is_no_dead_end(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let mut visitor = bench.assay.visitor();
    let request = wiki.authorization();
    let login = visitor.open(&request.url()).await.page();
    let question = visitor.submit(&password(&login, &bench.ada)).await.page();
    // Back to the sign-in, and on from there.
    let question_again = visitor.submit(&password(&login, &bench.ada)).await.page();
    // The first question is of a sign-in that is no more, and leads to one that counts.
    for question in [question, question_again] {
        let form = question.form_with_button("decision");
        let arrival = visitor.submit(&form.press("decision", "allow")).await;
        let callback = match arrival {
            crate::harness::Arrival::Left(url) => url,
            crate::harness::Arrival::Page(page) => {
                let again = page.tags("a")[0].attribute("href").unwrap().to_owned();
                let page = visitor.open(&page.url.join(&again).unwrap()).await.page();
                let form = page.form_with_button("decision").press("decision", "allow");
                visitor.submit(&form).await.left()
            }
        };
        let code = wiki.code_in(&callback, &request);
        wiki.redeem(&code, &request).await.tokens();
    }
    // Back from the client to the sign-in: whoever is signed in already gets on.
    let callback = visitor.submit(&password(&login, &bench.ada)).await.left();
    wiki.code_in(&callback, &request);
}

async fn an_old_request_is_asked_anew(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench).await;
    let request = intranet.authorization().with("prompt", "login");
    let page = visitor.open(&request.url()).await.page();
    let place = page
        .url
        .query_pairs()
        .find(|(name, _)| name == "return_to")
        .map(|(_, place)| page.url.join(&place).unwrap())
        .unwrap();
    visitor.submit(&password(&page, &bench.ada)).await.left();
    // The sign-in was for this request, and still is: the address can be opened again.
    let callback = visitor.open(&place).await.left();
    intranet.code_in(&callback, &request);
    // In another browser, where somebody has long been signed in, it is a new request.
    let mut other = signed_in(&bench).await;
    let page = other.open(&place).await.page();
    page.form_with("password");
}
