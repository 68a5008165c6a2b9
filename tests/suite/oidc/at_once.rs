//! Many at once, on two servers where the database allows it: one succeeds, and nobody meets an error of
//! the server.

use futures_util::future::join_all;
use reqwest::Method;

use super::{Bench, CALLBACK, SECRET};
use crate::harness::{Assay, Authorization, RelyingParty, Reply, TestDb, Tokens, with_form};

both_databases!(
    two_hundred_redemptions_of_a_code_give_one_family_and_end_it,
    two_hundred_refreshes_give_one_successor,
    two_hundred_uses_of_a_replaced_token_end_the_family,
);

const MANY: usize = 200;

/// The server, and a second one where servers share no file.
async fn servers(bench: &Bench) -> Vec<Assay> {
    match bench.assay.db() {
        TestDb::Sqlite => Vec::new(),
        TestDb::Postgres(_) => vec![bench.assay.replica().await],
    }
}

/// Sends the same request to the token endpoints of all servers in turn, [`MANY`] times at once.
async fn at_once(bench: &Bench, replicas: &[Assay], form: &[(&str, &str)]) -> Vec<Reply> {
    let servers: Vec<&Assay> = std::iter::once(&bench.assay).chain(replicas).collect();
    let attempts = (0..MANY).map(|turn| {
        let server = servers[turn % servers.len()];
        let request = server
            .request(Method::POST, "/auth/token")
            .basic_auth("intranet", Some(SECRET));
        Reply::to(with_form(request, form))
    });
    join_all(attempts).await
}

fn redemption<'a>(code: &'a str, request: &'a Authorization) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &request.code_verifier),
    ]
}

fn refresh(token: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

/// The answers that gave tokens; the others must all be the same refusal.
#[track_caller]
fn given(replies: Vec<Reply>) -> Vec<Tokens> {
    let (given, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    for reply in refused {
        reply.expect_status(400).expect_error("invalid_grant");
    }
    given.into_iter().map(Reply::tokens).collect()
}

/// Neither server, nor any endpoint, takes anything of the family.
async fn is_dead(client: &RelyingParty, replicas: &[Assay], tokens: &Tokens) {
    let refresh_token = tokens.refresh_token.as_deref().unwrap();
    for token in [&tokens.access_token, refresh_token] {
        let said = client
            .post("introspection_endpoint", &[("token", token)])
            .await;
        assert_eq!(said.json()["active"], false);
    }
    client
        .userinfo(&tokens.access_token)
        .await
        .expect_status(401);
    for replica in replicas {
        let request = replica.request(Method::GET, "/auth/userinfo");
        Reply::to(request.bearer_auth(&tokens.access_token))
            .await
            .expect_status(401);
    }
    client
        .refresh(refresh_token)
        .await
        .expect_error("invalid_grant");
}

async fn two_hundred_redemptions_of_a_code_give_one_family_and_end_it(db: TestDb) {
    let bench = Bench::on(db).await;
    let replicas = servers(&bench).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization();
    let code = bench.code(&intranet, &request).await;

    let given = given(at_once(&bench, &replicas, &redemption(&code, &request)).await);

    assert_eq!(given.len(), 1, "{given:#?}");
    // RFC 6749 4.1.2: the others used the code a second time.
    is_dead(&intranet, &replicas, &given[0]).await;
}

async fn two_hundred_refreshes_give_one_successor(db: TestDb) {
    let bench = Bench::on(db).await;
    let replicas = servers(&bench).await;
    let intranet = bench.intranet().await;
    let (_, first) = bench.tokens(&intranet).await;
    let token = first.refresh_token.unwrap();

    let given = given(at_once(&bench, &replicas, &refresh(&token)).await);

    assert_eq!(given.len(), MANY);
    let successor = &given[0].refresh_token;
    assert!(given.iter().all(|one| one.refresh_token == *successor));
    let next = intranet.refresh(successor.as_deref().unwrap()).await;
    let next = next.tokens();
    intranet
        .userinfo(&next.access_token)
        .await
        .expect_status(200);
}

async fn two_hundred_uses_of_a_replaced_token_end_the_family(db: TestDb) {
    let bench = Bench::on(db).await;
    let replicas = servers(&bench).await;
    let intranet = bench.intranet().await;
    let (_, first) = bench.tokens(&intranet).await;
    let stolen = first.refresh_token.unwrap();
    let second = intranet.refresh(&stolen).await.tokens();
    let third = intranet
        .refresh(second.refresh_token.as_deref().unwrap())
        .await
        .tokens();

    let given = given(at_once(&bench, &replicas, &refresh(&stolen)).await);

    assert_eq!(given.len(), 0, "{given:#?}");
    is_dead(&intranet, &replicas, &third).await;
}
