//! `/auth/consent`.

use reqwest::Method;

use super::Bench;
use crate::harness::{Page, Reply, TestDb, Visitor, with_form};

both_databases!(
    consent_is_asked_once_and_can_be_denied,
    a_foreign_consent_form_allows_nothing,
);

/// Signs in and comes to the question.
async fn question(bench: &Bench, visitor: &mut Visitor, url: &reqwest::Url) -> Page {
    let page = visitor.open(url).await.page();
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    visitor.submit(&form).await.page()
}

async fn consent_is_asked_once_and_can_be_denied(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let mut visitor = bench.assay.visitor();
    let request = wiki.authorization();
    let page = question(&bench, &mut visitor, &request.url()).await;
    assert!(page.reply.body.contains("Wiki"), "{page:#?}");
    let policy = page.reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self'"), "{policy}");

    let form = page.form_with_button("decision");
    let callback = visitor
        .submit(&form.clone().press("decision", "deny"))
        .await
        .left();
    assert_eq!(wiki.error_in(&callback, &request), "access_denied");
    let callback = visitor
        .submit(&form.press("decision", "allow"))
        .await
        .left();
    wiki.code_in(&callback, &request);

    let again = wiki.authorization();
    let callback = visitor.open(&again.url()).await.left();
    wiki.code_in(&callback, &again);
    // More than was allowed is asked again.
    let more = wiki
        .authorization()
        .with("scope", "openid profile email offline_access");
    let page = visitor.open(&more.url()).await.page();
    page.form_with_button("decision");
}

async fn a_foreign_consent_form_allows_nothing(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let request = wiki.authorization();
    let mut visitor = bench.assay.visitor();
    let page = question(&bench, &mut visitor, &request.url()).await;
    let form = page.form_with_button("decision").press("decision", "allow");

    let grace = bench.assay.user("grace");
    let mut other = bench.assay.visitor();
    let intranet = bench.intranet().await;
    other.sign_in(&intranet.authorization().url(), &grace).await;
    let asked = other.open(&request.url()).await.page();
    let theirs = asked.form_with_button("decision");
    let token_of_other = theirs
        .fields
        .iter()
        .find(|(name, _)| name == "csrf")
        .unwrap()
        .1
        .clone();

    let send = async |csrf: Option<&str>, headers: &[(&str, &str)], visitor: &Visitor| {
        let fields: Vec<(String, String)> = form
            .fields
            .iter()
            .filter_map(|(name, value)| match (name.as_str(), csrf) {
                ("csrf", None) => None,
                ("csrf", Some(csrf)) => Some((name.clone(), csrf.to_owned())),
                _ => Some((name.clone(), value.clone())),
            })
            .collect();
        let cookies: Vec<String> = visitor
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = bench
            .assay
            .request(Method::POST, "/auth/consent")
            .header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::to(with_form(request, &fields)).await
    };
    let own = form
        .fields
        .iter()
        .find(|(name, _)| name == "csrf")
        .unwrap()
        .1
        .clone();
    send(None, &[], &visitor).await.expect_status(403);
    send(Some(&token_of_other), &[], &visitor)
        .await
        .expect_status(403);
    send(Some(&own), &[("origin", "https://evil.example")], &visitor)
        .await
        .expect_status(403);
    send(Some(&own), &[("sec-fetch-site", "cross-site")], &visitor)
        .await
        .expect_status(403);
    // Somebody else's session: the question is put to them, and nothing is allowed in their name.
    let reply = send(Some(&token_of_other), &[], &other).await;
    let next = reply
        .expect_status(303)
        .header("location")
        .unwrap()
        .to_owned();
    assert!(next.starts_with("/auth/authorize/resume"), "{next}");

    let callback = send(Some(&own), &[], &visitor).await.expect_status(303);
    assert!(callback.header("location").unwrap().contains("code="));
}
