//! `/auth/logout`.

use reqwest::Url;

use super::Bench;
use crate::harness::{RelyingParty, TestDb, Visitor};

both_databases!(
    a_client_signs_its_person_out,
    without_a_hint_the_person_is_asked,
    nobody_is_sent_to_an_unregistered_place,
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
