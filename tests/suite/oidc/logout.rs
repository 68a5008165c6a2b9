//! `/auth/logout`.

use reqwest::Url;

use super::Bench;
use crate::harness::{Form, RelyingParty, TestDb, Tokens, Visitor};

both_databases!(
    a_client_signs_its_person_out,
    without_a_hint_the_person_is_asked,
    nobody_is_sent_to_an_unregistered_place,
    a_hint_of_another_session_asks,
    a_request_may_come_as_a_form,
    a_session_has_one_name_at_each_client,
);

const BYE: &str = "https://wiki.example.com/bye";

fn logout(client: &RelyingParty, parameters: &[(&str, &str)]) -> Url {
    let mut url = client.endpoint("end_session_endpoint");
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

async fn is_signed_in(bench: &Bench, visitor: &mut Visitor) -> bool {
    let page = visitor.open(&bench.assay.url("/auth/account")).await.page();
    page.url.path() == "/auth/account"
}

async fn a_client_signs_its_person_out(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (mut visitor, tokens) = bench.tokens(&intranet).await;
    let hint = tokens.id_token.unwrap();
    let url = logout(
        &intranet,
        &[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", BYE),
            ("state", "a b"),
        ],
    );
    let left = visitor.open(&url).await.left();
    assert_eq!(left.as_str(), "https://wiki.example.com/bye?state=a+b");
    assert!(!is_signed_in(&bench, &mut visitor).await);
    intranet
        .userinfo(&tokens.access_token)
        .await
        .expect_status(401);
    // Once more is no error.
    let left = visitor.open(&url).await.left();
    assert!(left.as_str().starts_with(BYE));
}

async fn without_a_hint_the_person_is_asked(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (mut visitor, _) = bench.tokens(&intranet).await;
    let url = logout(
        &intranet,
        &[("client_id", "intranet"), ("post_logout_redirect_uri", BYE)],
    );
    let page = visitor.open(&url).await.page();
    assert!(is_signed_in(&bench, &mut visitor).await);
    let form = page.form_with_button("decision");
    let forged = form
        .clone()
        .fill("csrf", "AAAA")
        .press("decision", "sign_out");
    let refused = visitor.submit(&forged).await.page();
    refused.reply.expect_status(400);
    assert!(is_signed_in(&bench, &mut visitor).await);
    visitor
        .submit(&form.clone().press("decision", "stay"))
        .await
        .page();
    assert!(is_signed_in(&bench, &mut visitor).await);
    let left = visitor.submit(&form.press("decision", "sign_out")).await;
    assert_eq!(left.left().as_str(), BYE);
    assert!(!is_signed_in(&bench, &mut visitor).await);

    // Another person's ID token does not sign this one out.
    let grace = bench.assay.user("grace");
    let mut other = bench.assay.visitor();
    let hers = intranet.sign_in(&mut other, &grace).await;
    let (mut visitor, _) = bench.tokens(&intranet).await;
    let hint = hers.id_token.unwrap();
    let page = visitor
        .open(&logout(&intranet, &[("id_token_hint", &hint)]))
        .await
        .page();
    page.form_with_button("decision");
    assert!(is_signed_in(&bench, &mut visitor).await);
}

async fn nobody_is_sent_to_an_unregistered_place(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (mut visitor, tokens) = bench.tokens(&intranet).await;
    let hint = tokens.id_token.unwrap();
    let unsigned = format!("{}.", hint.rsplit_once('.').unwrap().0);
    for parameters in [
        [
            ("id_token_hint", &*hint),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        [
            ("id_token_hint", &hint),
            (
                "post_logout_redirect_uri",
                "https://wiki.example.com/bye?x=1",
            ),
        ],
        [("client_id", "wiki"), ("post_logout_redirect_uri", BYE)],
        [("state", "x"), ("post_logout_redirect_uri", BYE)],
        [
            ("id_token_hint", &unsigned),
            ("post_logout_redirect_uri", BYE),
        ],
        [("id_token_hint", &hint), ("client_id", "wiki")],
        [("state", "x"), ("state", "y")],
    ] {
        let page = visitor.open(&logout(&intranet, &parameters)).await.page();
        page.reply.expect_status(400);
        assert!(is_signed_in(&bench, &mut visitor).await, "{parameters:?}");
    }
}

async fn sid(client: &RelyingParty, tokens: &Tokens) -> String {
    let claims = client
        .id_token_claims(tokens.id_token.as_deref().unwrap())
        .await;
    claims["sid"].as_str().expect("a sid").to_owned()
}

async fn a_session_has_one_name_at_each_client(db: TestDb) {
    let bench = Bench::on(db).await;
    let (intranet, phone) = (bench.intranet().await, bench.phone().await);
    let (mut visitor, first) = bench.tokens(&intranet).await;
    let name = sid(&intranet, &first).await;
    let again = intranet.sign_in(&mut visitor, &bench.ada).await;
    assert_eq!(sid(&intranet, &again).await, name);
    let refresh_token = again.refresh_token.unwrap();
    let refreshed = intranet.refresh(&refresh_token).await.tokens();
    assert_eq!(sid(&intranet, &refreshed).await, name);
    // Two clients cannot tell by it that it is one session.
    let elsewhere = phone.sign_in(&mut visitor, &bench.ada).await;
    assert_ne!(sid(&phone, &elsewhere).await, name);
    let (_, other) = bench.tokens(&intranet).await;
    assert_ne!(sid(&intranet, &other).await, name);
}

async fn a_hint_of_another_session_asks(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, elsewhere) = bench.tokens(&intranet).await;
    let (mut visitor, here) = bench.tokens(&intranet).await;
    let of_another = elsewhere.id_token.unwrap();
    let hint = here.id_token.unwrap();
    for parameters in [
        vec![("id_token_hint", of_another.as_str())],
        vec![
            ("id_token_hint", hint.as_str()),
            ("logout_hint", "grace@example.com"),
        ],
    ] {
        let page = visitor.open(&logout(&intranet, &parameters)).await.page();
        page.form_with_button("decision");
        assert!(is_signed_in(&bench, &mut visitor).await, "{parameters:?}");
    }
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("logout_hint", "ada@example.com"),
        ("ui_locales", "de en"),
        ("unknown", "passed over"),
    ];
    visitor.open(&logout(&intranet, &parameters)).await.page();
    assert!(!is_signed_in(&bench, &mut visitor).await);
}

async fn a_request_may_come_as_a_form(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (mut visitor, tokens) = bench.tokens(&intranet).await;
    let hint = tokens.id_token.unwrap();
    let form = |fields: &[(&str, &str)]| Form {
        action: intranet.endpoint("end_session_endpoint"),
        method: reqwest::Method::POST,
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        buttons: Vec::new(),
    };
    // Nobody can answer our question in the person's place.
    let forged = form(&[("decision", "sign_out"), ("client_id", "intranet")]);
    visitor
        .submit(&forged)
        .await
        .page()
        .form_with_button("decision");
    assert!(is_signed_in(&bench, &mut visitor).await);

    let asked = form(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", BYE),
        ("state", "a&b"),
    ]);
    let left = visitor.submit(&asked).await.left();
    assert_eq!(left.as_str(), "https://wiki.example.com/bye?state=a%26b");
    assert!(!is_signed_in(&bench, &mut visitor).await);
}
