//! `grant_type=refresh_token`.

use super::Bench;
use crate::harness::TestDb;

both_databases!(
    a_replaced_token_used_again_ends_the_family,
    a_lost_answer_is_given_again,
    refreshes_at_once_leave_one_family,
    a_refresh_gives_no_more_than_was_granted,
    signing_out_ends_what_is_not_for_offline_use,
);

async fn a_replaced_token_used_again_ends_the_family(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, first) = bench.tokens(&intranet).await;
    let first = first.refresh_token.unwrap();
    let second = intranet.refresh(&first).await.tokens();
    let third = intranet
        .refresh(second.refresh_token.as_deref().unwrap())
        .await
        .tokens();

    // The successor was used, so this is no lost answer.
    intranet.refresh(&first).await.expect_error("invalid_grant");

    let latest = third.refresh_token.unwrap();
    intranet
        .refresh(&latest)
        .await
        .expect_error("invalid_grant");
    intranet
        .userinfo(&third.access_token)
        .await
        .expect_status(401);
    intranet
        .refresh("made-up")
        .await
        .expect_error("invalid_grant");
}

async fn a_lost_answer_is_given_again(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, first) = bench.tokens(&intranet).await;
    let first = first.refresh_token.unwrap();
    let lost = intranet.refresh(&first).await.tokens();
    let again = intranet.refresh(&first).await.tokens();
    assert_eq!(
        again.refresh_token, lost.refresh_token,
        "a second successor"
    );
    let next = intranet
        .refresh(&again.refresh_token.unwrap())
        .await
        .tokens();
    intranet
        .userinfo(&next.access_token)
        .await
        .expect_status(200);
}

async fn refreshes_at_once_leave_one_family(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let token = tokens.refresh_token.unwrap();
    let attempts = (0..20).map(|_| intranet.refresh(&token));
    let replies = futures_util::future::join_all(attempts).await;
    let mut successors: Vec<_> = replies
        .into_iter()
        .map(|reply| reply.tokens().refresh_token.unwrap())
        .collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "more than one living family");
}

async fn a_refresh_gives_no_more_than_was_granted(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let token = tokens.refresh_token.unwrap();
    let refresh = |scope: &'static str, token: String| {
        let intranet = &intranet;
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("scope", scope),
            ];
            intranet.token(&form).await
        }
    };
    let wider = refresh("openid email profile", token.clone()).await;
    wider.expect_error("invalid_scope");
    let narrow = refresh("openid", token).await.tokens();
    assert_eq!(narrow.scope.as_deref(), Some("openid"));
    let person = intranet.userinfo(&narrow.access_token).await.json();
    assert!(person.get("email").is_none(), "{person:#}");
    let token = narrow.refresh_token.unwrap();

    let wiki = bench.wiki().await;
    wiki.refresh(&token).await.expect_error("invalid_grant");

    // A restriction that was added since.
    bench.change("scopes: [openid, email]", "scopes: [openid]");
    let restricted = intranet.refresh(&token).await.tokens();
    assert_eq!(restricted.scope.as_deref(), Some("openid"));
}

async fn signing_out_ends_what_is_not_for_offline_use(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (mut visitor, online) = bench.tokens(&intranet).await;
    let offline = wiki.sign_in(&mut visitor, &bench.ada).await;
    let account = visitor.open(&bench.assay.url("/auth/account")).await.page();
    let form = account
        .forms()
        .into_iter()
        .find(|form| form.action.path() == "/auth/account/sign-out")
        .unwrap();
    visitor.submit(&form).await.page();

    intranet
        .userinfo(&online.access_token)
        .await
        .expect_status(401);
    let refreshed = intranet.refresh(&online.refresh_token.unwrap()).await;
    refreshed.expect_error("invalid_grant");
    wiki.refresh(&offline.refresh_token.unwrap()).await.tokens();
}
