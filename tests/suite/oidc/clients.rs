//! A client that is deleted or switched off takes with it what it holds.

use super::Bench;
use crate::harness::{Output, TestDb};

both_databases!(
    a_client_that_is_switched_off_starts_anew,
    a_client_that_is_deleted_takes_its_tokens_along,
);

/// What the folder would change.
fn diff(bench: &Bench, format: &str) -> Output {
    let path = bench.manifests.path().to_str().unwrap();
    bench
        .assay
        .remote_command(["diff", "-f", path, "--prune", "-o", format])
        .env("WIKI_SECRET", super::SECRET)
        .run()
        .expect_code(1)
}

async fn a_client_that_is_switched_off_starts_anew(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (mut visitor, tokens) = bench.tokens(&wiki).await;
    let request = wiki.authorization();
    visitor.open(&request.url()).await.left();

    bench.change(
        "displayName: Wiki\n",
        "displayName: Wiki\n  enabled: false\n",
    );
    bench.change("displayName: Wiki\n", "displayName: The wiki\n");

    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    // The person is still signed in, and is asked again.
    let page = visitor.open(&request.url()).await.page();
    page.form_with_button("decision");
}

async fn a_client_that_is_deleted_takes_its_tokens_along(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (_, tokens) = bench.tokens(&wiki).await;
    let start = super::CLIENTS.find("---\n").unwrap();
    let (gone, rest) = super::CLIENTS.split_at(start + 4);

    // Only what is alive counts: not what a code that came twice has ended.
    let authorization = wiki.authorization();
    let code = bench.code(&wiki, &authorization).await;
    wiki.redeem(&code, &authorization).await.tokens();
    wiki.redeem(&code, &authorization)
        .await
        .expect_error("invalid_grant");
    bench.manifests.write("clients.yaml", rest);
    let plan = diff(&bench, "json").json();
    let change = &plan["changes"][0];
    assert_eq!(change["name"], "wiki");
    assert_eq!(change["ends"]["grants"], 1, "{change:#}");
    assert_eq!(change["ends"]["consents"], 1, "{change:#}");
    let text = diff(&bench, "text").stdout;
    assert!(text.contains("ends 1 live grant and 1 consent"), "{text}");

    let path = bench.manifests.path().to_str().unwrap();
    let apply = |more: &[&str]| {
        let arguments = ["apply", "-f", path]
            .into_iter()
            .chain(more.iter().copied());
        bench
            .assay
            .remote_command(arguments)
            .env("WIKI_SECRET", super::SECRET)
            .run()
            .expect_code(0);
    };
    apply(&["--prune"]);
    bench
        .manifests
        .write("clients.yaml", &format!("{gone}{rest}"));
    apply(&[]);
    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
}
