//! People create accounts for themselves.

use serde_json::json;

use super::{Arrival, Bench, PASSWORD, TestDb, User, finished};
use crate::harness::Registration;

both_databases!(
    a_letter_makes_an_account,
    a_known_address_is_answered_like_a_new_one,
    the_code_of_the_letter_does_as_well_in_the_same_browser,
    a_link_is_opened_by_scanners_and_works_once,
    a_client_sends_people_to_register_and_gets_them_back,
    nobody_registers_unless_it_is_open,
    only_some_domains_and_only_complete_answers,
    who_waits_for_approval_is_told_so_and_nobody_else_is,
    registrations_are_limited,
    a_link_expires_and_dies_with_the_setting,
);

const OPEN: &str = "    registration: { mode: open }";

async fn a_letter_makes_an_account(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    let login = bench.open(&mut visitor, "/auth/login").await;
    let link = login
        .tags("a")
        .into_iter()
        .find(|tag| tag.text == "Create an account")
        .expect("a link");
    let address = login.url.join(link.attribute("href").unwrap()).unwrap();
    let page = visitor.open(&address).await.page();
    let form = page.form_with("email").fill("email", " Ada@Example.com ");
    let sent = visitor.submit(&form).await.page();
    assert_eq!(sent.url.path(), "/auth/register/sent");
    assert!(sent.reply.body.contains("ada@example.com"), "{sent:#?}");
    // Until it is shown whose address it is, nobody is known.
    assert!(bench.person("ada@example.com").await.is_none());

    let letter = bench.letter("ada@example.com", 1).await;
    assert_eq!(letter.kind, "registration");
    let page = visitor.open(&letter.link()).await.page();
    let form = finished(&page, PASSWORD).fill("name", "Ada Lovelace");
    let account = visitor.submit(&form).await.page();
    assert_eq!(account.url.path(), "/auth/account");

    let person = bench.person("ada@example.com").await.expect("an account");
    assert_eq!(person["emailVerified"], true);
    assert_eq!(person["state"], "active");
    assert_eq!(person["isAdmin"], false);
    assert_eq!(person["attributes"], json!({ "name": "Ada Lovelace" }));
    let id = person["id"].as_str().unwrap();
    let actions = bench.actions(&format!("user={id}")).await;
    assert!(actions.contains(&"user.register".to_owned()), "{actions:?}");
    // The browser in which the account was made is no news, and another one is.
    assert_eq!(bench.letters("ada@example.com").len(), 1);
    let page = bench
        .sign_in(&mut bench.assay.visitor(), "ada@example.com", PASSWORD)
        .await;
    assert_eq!(page.url.path(), "/auth/account");
    let letter = bench.letter("ada@example.com", 2).await;
    assert_eq!(letter.kind, "newDevice");
}

async fn a_known_address_is_answered_like_a_new_one(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let ada = bench.assay.user("ada");
    let mut pages = Vec::new();
    for email in [&ada.email, "eve@example.com"] {
        let mut visitor = bench.assay.visitor();
        let page = bench.ask(&mut visitor, email).await;
        let wrong = page.form_with("code").fill("code", "BBBB-BBBB");
        let wrong = visitor.submit(&wrong).await.page();
        for page in [page, wrong] {
            assert_eq!(page.url.path(), "/auth/register/sent");
            let mut body = page.reply.body.replace(email, "EMAIL");
            // What is random on every page.
            for name in ["csrf", "registration"] {
                let form = page.form_with("code");
                let value = form.fields.iter().find(|(field, _)| field == name);
                body = body.replace(&value.unwrap().1, name);
            }
            pages.push((page.reply.status, body));
        }
    }
    assert_eq!(pages[0], pages[2]);
    assert_eq!(pages[1], pages[3]);
    assert_eq!(pages[1].0, 400);

    // The owner is told, and given no link that makes an account.
    let letter = bench.letter(&ada.email, 1).await;
    assert_eq!(letter.kind, "alreadyRegistered");
    assert_eq!(letter.link().path(), "/auth/login");
    assert_eq!(
        bench.letter("eve@example.com", 1).await.kind,
        "registration"
    );
    assert_eq!(bench.letters(&ada.email).len(), 1);
}

async fn the_code_of_the_letter_does_as_well_in_the_same_browser(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    let sent = bench.ask(&mut visitor, "ada@example.com").await;
    let letter = bench.letter("ada@example.com", 1).await;

    // Somebody else who has only seen the code cannot use it.
    let mut other = bench.assay.visitor();
    let page = other.open(&sent.url).await.page();
    assert_eq!(page.url.path(), "/auth/register");

    let typed = letter.code().to_lowercase().replace('-', " ");
    let form = sent.form_with("code").fill("code", &typed);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/register/finish");
    // The link went with the code.
    let gone = bench.assay.visitor().open(&letter.link()).await.page();
    gone.reply.expect_status(410);
    let account = visitor.submit(&finished(&page, PASSWORD)).await.page();
    assert_eq!(account.url.path(), "/auth/account");

    // Five wrong ones, and the right one comes too late.
    let mut visitor = bench.assay.visitor();
    let sent = bench.ask(&mut visitor, "eve@example.com").await;
    for _ in 0..5 {
        let form = sent.form_with("code").fill("code", "BBBB-BBBB");
        let page = visitor.submit(&form).await.page();
        page.reply.expect_status(400);
    }
    let code = bench.letter("eve@example.com", 1).await.code();
    let form = sent.form_with("code").fill("code", &code);
    let page = visitor.submit(&form).await.page();
    let reply = page.reply.expect_status(429);
    assert!(reply.header("retry-after").is_some());
}

async fn a_link_is_opened_by_scanners_and_works_once(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    bench
        .ask(&mut bench.assay.visitor(), "ada@example.com")
        .await;
    let link = bench.letter("ada@example.com", 1).await.link();
    for _ in 0..3 {
        let page = bench.assay.visitor().open(&link).await.page();
        page.form_with("password");
    }
    // A form of another site creates nothing.
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&link).await.page();
    let forged = finished(&page, PASSWORD).fill("csrf", "AAAA");
    let page = visitor.submit(&forged).await.page();
    page.reply.clone().expect_status(403);
    assert!(bench.person("ada@example.com").await.is_none());
    // In another browser than the one that asked, as here.
    let form = finished(&page, PASSWORD);
    let account = visitor.submit(&form).await.page();
    assert_eq!(account.url.path(), "/auth/account");

    let again = visitor.submit(&form).await.page();
    again.reply.expect_status(410);
    let again = bench.assay.visitor().open(&link).await.page();
    again.reply.expect_status(410);
}

async fn a_client_sends_people_to_register_and_gets_them_back(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let shop = Registration::public("shop", "https://shop.example.com/callback");
    let shop = bench
        .assay
        .relying_party(shop.scope("openid email profile"))
        .await;
    let supported = &shop.provider["prompt_values_supported"];
    assert!(supported.as_array().unwrap().contains(&json!("create")));

    let request = shop.authorization().with("prompt", "create");
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&request.url()).await.page();
    assert_eq!(page.url.path(), "/auth/register");
    assert!(page.reply.body.contains("Shop"), "{page:#?}");
    let form = page.form_with("email").fill("email", "ada@example.com");
    visitor.submit(&form).await.page();
    // The letter is read in another browser, and the flow goes on there.
    let link = bench.letter("ada@example.com", 1).await.link();
    let mut other = bench.assay.visitor();
    let page = other.open(&link).await.page();
    let callback = other.submit(&finished(&page, PASSWORD)).await.left();
    let code = shop.code_in(&callback, &request);
    let tokens = shop.redeem(&code, &request).await.tokens();
    let person = shop.userinfo(&tokens.access_token).await;
    let person = person.expect_status(200).json();
    assert_eq!(person["email"], "ada@example.com");
    assert_eq!(person["email_verified"], true);

    // Somebody who is signed in is asked as well; one who has an account signs in from there.
    let request = shop.authorization().with("prompt", "create");
    let page = other.open(&request.url()).await.page();
    assert_eq!(page.url.path(), "/auth/register");
    let link = page
        .tags("a")
        .into_iter()
        .find(|tag| tag.text == "I already have an account")
        .expect("a link");
    let login = page.url.join(link.attribute("href").unwrap()).unwrap();
    let page = other.open(&login).await.page();
    let form = page
        .form_with("password")
        .fill("email", "ada@example.com")
        .fill("password", PASSWORD);
    let callback = other.submit(&form).await.left();
    shop.code_in(&callback, &request);

    let request = shop.authorization().with("prompt", "none create");
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(shop.error_in(&callback, &request), "invalid_request");

    // A place elsewhere is no place to go to.
    let evil = bench
        .assay
        .url("/auth/register?return_to=https://evil.example");
    let page = bench.assay.visitor().open(&evil).await.page();
    let form = page.form_with("email");
    let place = ("return_to".to_owned(), "/auth/account".to_owned());
    assert!(form.fields.contains(&place), "{form:?}");
}

async fn nobody_registers_unless_it_is_open(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    let page = bench.open(&mut visitor, "/auth/register").await;
    let form = page.form_with("email").fill("email", "ada@example.com");
    for settings in ["    {}", "    registration: { mode: invitation }"] {
        bench.set(settings);
        let status = if settings.contains("mode") { 403 } else { 404 };
        let page = bench.open(&mut visitor, "/auth/register").await;
        page.reply.expect_status(status);
        let page = visitor.submit(&form).await.page();
        page.reply.expect_status(status);
        let login = bench.open(&mut bench.assay.visitor(), "/auth/login").await;
        assert!(!login.reply.body.contains("/auth/register"), "{login:#?}");
    }
    let refused = bench
        .assay
        .admin(reqwest::Method::POST, "/auth/admin/auth/invitations");
    let refused = refused.json(&json!({}));
    crate::harness::Reply::to(refused).await.expect_status(201);
    bench.set("    {}");
    let refused = bench
        .assay
        .admin(reqwest::Method::POST, "/auth/admin/auth/invitations");
    let refused = refused.json(&json!({}));
    crate::harness::Reply::to(refused).await.expect_status(409);
}

async fn only_some_domains_and_only_complete_answers(db: TestDb) {
    let settings = "    registration:
      mode: open
      emailDomains: [example.com]
      fields: [website]
      requiredFields: [given_name]";
    let bench = Bench::with(db, settings).await;
    let mut visitor = bench.assay.visitor();
    for (email, why) in [
        ("ada@example.org", "example.com"),
        ("ada@sub.example.com", "example.com"),
        ("ada", "not an e-mail address"),
        ("", "not an e-mail address"),
    ] {
        let page = bench.ask(&mut visitor, email).await;
        let reply = page.reply.clone().expect_status(400);
        assert!(reply.body.contains(why), "{email}: {reply:#?}");
    }
    bench.ask(&mut visitor, "ada@example.com").await;
    let link = bench.letter("ada@example.com", 1).await.link();
    let mut page = visitor.open(&link).await.page();
    let short = "short";
    for (name, website, password, why) in [
        ("", "", PASSWORD, "First name"),
        (
            "Ada",
            "javascript:alert(1)",
            PASSWORD,
            "Address of your website",
        ),
        ("Ada", "", short, "8"),
    ] {
        let form = finished(&page, password)
            .fill("given_name", name)
            .fill("website", website);
        page = visitor.submit(&form).await.page();
        page.reply.clone().expect_status(400);
        let notice = page.tags("p").into_iter();
        let notice = notice.filter(|tag| tag.attribute("id") == Some("notice"));
        assert_eq!(notice.count(), 1, "{why}: {page:#?}");
        assert!(page.reply.body.contains(why), "{why}: {page:#?}");
        // What was right need not be typed again; a password is never shown.
        let again = page.form_with("password");
        let kept = ("given_name".to_owned(), name.to_owned());
        assert!(again.fields.contains(&kept), "{again:?}");
        assert!(!page.reply.body.contains(PASSWORD));
    }
    let form = finished(&page, PASSWORD).fill("given_name", "Ada");
    let form = form.fill("website", "https://ada.example");
    visitor.submit(&form).await.page();
    let person = bench.person("ada@example.com").await.expect("an account");
    let expected = json!({ "given_name": "Ada", "website": "https://ada.example" });
    assert_eq!(person["attributes"], expected);
}

async fn who_waits_for_approval_is_told_so_and_nobody_else_is(db: TestDb) {
    let bench = Bench::with(db, "    registration: { mode: open, approval: true }").await;
    let mut visitor = bench.assay.visitor();
    bench.ask(&mut visitor, "ada@example.com").await;
    let link = bench.letter("ada@example.com", 1).await.link();
    let page = visitor.open(&link).await.page();
    let page = visitor.submit(&finished(&page, PASSWORD)).await.page();
    let reply = page.reply.expect_status(403);
    assert!(reply.body.contains("not open yet"), "{reply:#?}");
    let person = bench.person("ada@example.com").await.expect("an account");
    assert_eq!(person["state"], "pending");

    // The right password is told why, a wrong one nothing.
    let page = bench
        .sign_in(&mut visitor, "ada@example.com", PASSWORD)
        .await;
    let reply = page.reply.expect_status(403);
    assert!(reply.body.contains("not open yet"), "{reply:#?}");
    let page = bench
        .sign_in(&mut visitor, "ada@example.com", "wrong password")
        .await;
    let known = page.reply.expect_status(401).body;
    assert!(!known.contains("not open yet"), "{known}");
    let account = bench.open(&mut visitor, "/auth/account").await;
    assert_eq!(account.url.path(), "/auth/login");

    let id = person["id"].as_str().unwrap();
    let path = format!("/auth/admin/auth/users/{id}");
    let approve = bench.assay.admin(reqwest::Method::PATCH, &path);
    let approve = approve.json(&json!({ "state": "active" }));
    crate::harness::Reply::to(approve).await.expect_status(200);
    let page = bench
        .sign_in(&mut visitor, "ada@example.com", PASSWORD)
        .await;
    assert_eq!(page.url.path(), "/auth/account");
}

async fn registrations_are_limited(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let ada: User = bench.assay.user("ada");
    // Known or not, the sixth within an hour is one too many.
    for email in [ada.email.as_str(), "eve@example.com"] {
        let mut visitor = bench.assay.visitor();
        for _ in 0..5 {
            let page = bench.ask(&mut visitor, email).await;
            assert_eq!(page.url.path(), "/auth/register/sent");
        }
        let page = bench.ask(&mut visitor, email).await;
        let reply = page.reply.expect_status(429);
        assert_eq!(reply.header("retry-after"), Some("3600"));
    }
    let page = bench
        .ask(&mut bench.assay.visitor(), "bob@example.com")
        .await;
    assert_eq!(page.url.path(), "/auth/register/sent");
}

async fn a_link_expires_and_dies_with_the_setting(db: TestDb) {
    let bench = Bench::with(db, OPEN).await;
    let mut visitor = bench.assay.visitor();
    bench.ask(&mut visitor, "ada@example.com").await;
    let link = bench.letter("ada@example.com", 1).await.link();
    let page = visitor.open(&link).await.page();
    let form = finished(&page, PASSWORD);
    bench.set("    {}");
    visitor.submit(&form).await.page().reply.expect_status(410);
    assert!(bench.person("ada@example.com").await.is_none());
    bench.set(OPEN);
    match visitor.submit(&form).await {
        Arrival::Page(page) => assert_eq!(page.url.path(), "/auth/account"),
        Arrival::Left(url) => panic!("{url}"),
    }
}
