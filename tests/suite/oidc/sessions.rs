//! Sign-in and sessions.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::Bench;
use crate::harness::{Form, Manifests, Reply, TestDb, Visitor, with_form};

both_databases!(
    a_session_is_new_at_each_sign_in,
    a_stranger_and_a_wrong_password_are_answered_alike,
    a_login_form_from_elsewhere_signs_nobody_in,
    nobody_is_sent_to_another_site,
    a_session_can_be_ended_from_another,
    names_are_shown_and_not_run,
);

async fn login_form(bench: &Bench, visitor: &mut Visitor) -> Form {
    let page = visitor.open(&bench.assay.url("/auth/login")).await.page();
    page.form_with("password")
}

async fn sign_in(bench: &Bench, visitor: &mut Visitor) {
    let form = login_form(bench, visitor).await;
    let form = form
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/account");
    page.reply.expect_status(200);
}

async fn a_session_is_new_at_each_sign_in(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    // One that somebody planted.
    let planted = "planted-planted-planted-planted-planted-pla";
    visitor
        .cookies
        .insert("assay_session".into(), planted.into());
    sign_in(&bench, &mut visitor).await;
    let first = visitor.cookies["assay_session"].clone();
    assert_ne!(first, planted);

    let intranet = bench.intranet().await;
    let again = intranet.authorization().with("prompt", "login");
    visitor.sign_in(&again.url(), &bench.ada).await;
    let second = visitor.cookies["assay_session"].clone();
    assert_ne!(second, first);

    let open = async |cookie: String| {
        let request = bench.assay.request(Method::GET, "/auth/account");
        Reply::to(request.header("cookie", format!("assay_session={cookie}"))).await
    };
    open(second.clone()).await.expect_status(200);
    for dead in [
        first,
        planted.into(),
        second[1..].to_owned(),
        format!("{second}x"),
    ] {
        open(dead).await.expect_status(303);
    }
    // HttpOnly, and not sent along with requests from elsewhere.
    let form = login_form(&bench, &mut bench.assay.visitor()).await;
    assert!(form.has_field("csrf"));
}

async fn a_stranger_and_a_wrong_password_are_answered_alike(db: TestDb) {
    let bench = Bench::on(db).await;
    // More often than anybody may be wrong at once.
    let patient = "apiVersion: assay/v1
kind: Module
metadata: { name: password }
spec:
  settings:
    signInLimits: { account: { tries: 1000, window: 1h, longestWait: 1s } }
";
    bench
        .assay
        .apply(&Manifests::new().file("password.yaml", patient));
    let attempt = async |email: &str, password: &str| {
        let mut visitor = bench.assay.visitor();
        let form = login_form(&bench, &mut visitor).await;
        let form = form.fill("email", email).fill("password", password);
        let begun = Instant::now();
        let page = visitor.submit(&form).await.page();
        assert!(!visitor.cookies.contains_key("assay_session"));
        // The address entered and the form's token differ from page to page.
        let form = page.form_with("csrf");
        let csrf = form.fields.iter().find(|(name, _)| name == "csrf");
        let body = page.reply.expect_status(401).body;
        let body = body.replace(email, "").replace(&csrf.unwrap().1, "");
        (body, begun.elapsed())
    };
    let (known, _) = attempt("ada@example.com", "wrong").await;
    let (stranger, _) = attempt("eve@example.com", "wrong").await;
    let (no_address, _) = attempt("eve", "wrong").await;
    let (long, _) = attempt("ada@example.com", &"x".repeat(1_025)).await;
    assert_eq!(known, stranger);
    assert_eq!(known, no_address);
    assert_eq!(known, long);

    // In turns, so that whatever else this machine does slows both alike.
    let (mut known, mut stranger) = (Duration::MAX, Duration::MAX);
    for _ in 0..15 {
        known = known.min(attempt("ada@example.com", "wrong").await.1);
        stranger = stranger.min(attempt("eve@example.com", "wrong").await.1);
    }
    let (known, stranger) = (known.as_secs_f64(), stranger.as_secs_f64());
    let ratio = stranger / known;
    assert!(
        (0.5..2.0).contains(&ratio),
        "{stranger} s against {known} s"
    );
}

async fn a_login_form_from_elsewhere_signs_nobody_in(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    let form = login_form(&bench, &mut visitor).await;
    let form = form
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    // Without the browser's cookie, or with another's.
    let mut foreign = bench.assay.visitor();
    let page = foreign.submit(&form).await.page();
    page.reply.clone().expect_status(403);
    assert!(!foreign.cookies.contains_key("assay_session"));
    // The page is a form again: no dead end.
    page.form_with("password");
    let without: Vec<_> = form
        .fields
        .iter()
        .filter(|(name, _)| name != "csrf")
        .cloned()
        .collect();
    let cookie = format!("assay_browser={}", visitor.cookies["assay_browser"]);
    let send = |origin: &str| {
        bench
            .assay
            .request(Method::POST, "/auth/login")
            .header("cookie", &cookie)
            .header("origin", origin)
    };
    let own = bench.assay.url("/").origin().ascii_serialization();
    Reply::to(with_form(send(&own), &without))
        .await
        .expect_status(403);
    for origin in ["https://evil.example", "null"] {
        Reply::to(with_form(send(origin), &form.fields))
            .await
            .expect_status(403);
    }
    let reply = Reply::to(with_form(send(&own), &form.fields))
        .await
        .expect_status(303);
    let cookies = reply.headers.get_all("set-cookie").iter();
    let cookie = cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .find(|cookie| cookie.starts_with("assay_session="))
        .expect("a session");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

async fn nobody_is_sent_to_another_site(db: TestDb) {
    let bench = Bench::on(db).await;
    for place in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/%09/evil.example",
        "/..//evil.example",
        "javascript:alert(1)",
    ] {
        let mut visitor = bench.assay.visitor();
        let mut url = bench.assay.url("/auth/login");
        url.query_pairs_mut().append_pair("return_to", place);
        let page = visitor.open(&url).await.page();
        let form = page
            .form_with("password")
            .fill("email", &bench.ada.email)
            .fill("password", &bench.ada.password);
        // Also when the form itself was changed.
        for return_to in [None, Some(place)] {
            let form = match return_to {
                None => form.clone(),
                Some(place) => form.clone().fill("return_to", place),
            };
            let page = visitor.submit(&form).await.page();
            assert_eq!(page.url.origin(), url.origin(), "{place}");
        }
    }
}

async fn a_session_can_be_ended_from_another(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut here, mut there) = (bench.assay.visitor(), bench.assay.visitor());
    sign_in(&bench, &mut here).await;
    sign_in(&bench, &mut there).await;
    let account = bench.assay.url("/auth/account");
    let page = here.open(&account).await.page();
    let others = page
        .forms()
        .into_iter()
        .find(|form| form.has_field("session"))
        .unwrap();
    let forged = others.clone().fill("csrf", "AAAA");
    here.submit(&forged).await.page().reply.expect_status(403);
    let page = there.open(&account).await.page();
    assert_eq!(page.url.path(), "/auth/account");

    here.submit(&others).await.page();

    let page = there.open(&account).await.page();
    assert_eq!(page.url.path(), "/auth/login", "still signed in");
    let page = here.open(&account).await.page();
    assert_eq!(page.url.path(), "/auth/account");
}

async fn names_are_shown_and_not_run(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet
        .authorization()
        .with("login_hint", "\"><script>alert(2)</script>");
    let page = bench.assay.visitor().open(&request.url()).await.page();
    let body = &page.reply.body;
    assert!(!body.contains("<script"), "{body}");
    assert!(body.contains("&#60;script&#62;alert(1)"), "{body}");
}
