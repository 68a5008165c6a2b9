//! Tokens of an upstream that are kept, handed out, and kept fresh.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Reply, TestDb};

both_databases!(
    a_kept_token_is_handed_out_and_refreshed_once_it_has_expired,
    many_who_ask_at_once_have_it_refreshed_once,
    what_cannot_be_handed_out_is_refused_in_words,
);

const KEEPING: &str = "  keepTokens: true\n";

/// Somebody has signed in, and the tokens that the upstream gave say so much more. Gives the path.
async fn kept(db: TestDb, tokens: Value) -> (Bench, String) {
    let bench = Bench::with(db, KEEPING).await;
    bench.up.behave(|up| up.tokens = tokens);
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let id = bench.people().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/auth/admin/auth/users/{id}/upstream-tokens/up");
    (bench, path)
}

async fn ask(bench: &Bench, path: &str) -> Reply {
    Reply::to(bench.assay.admin(Method::GET, path)).await
}

/// The refresh tokens that the upstream was shown.
fn refreshed(bench: &Bench) -> Vec<String> {
    bench.up.see(|up| {
        let forms = up.redemptions.iter().map(|(form, _)| form);
        forms
            .filter_map(|form| form.get("refresh_token").cloned())
            .collect()
    })
}

async fn a_kept_token_is_handed_out_and_refreshed_once_it_has_expired(db: TestDb) {
    let first = json!({ "refresh_token": "first", "expires_in": 3_600, "scope": "openid mail" });
    let (bench, path) = kept(db, first).await;
    let given = ask(&bench, &path).await.expect_status(200).json();
    assert_eq!(given["accessToken"], "token-1");
    assert_eq!(given["scope"], "openid mail");
    assert!(given["expiresAt"].is_u64(), "{given}");
    assert!(given.get("refreshToken").is_none(), "{given}");
    assert!(refreshed(&bench).is_empty());

    // A sign-in brings others, which are as good as expired, and so are those that come of them.
    for token in ["second", "third"] {
        let soon = json!({ "refresh_token": token, "expires_in": 5 });
        bench.up.behave(|up| up.tokens = soon);
        if token == "second" {
            bench.sign_in(&mut bench.assay.visitor()).await.page();
        } else {
            let given = ask(&bench, &path).await.expect_status(200).json();
            assert_eq!(given["accessToken"], "token-3");
        }
    }
    // One that the upstream does not replace stays.
    bench.up.behave(|up| up.tokens = json!({ "expires_in": 5 }));
    for token in ["token-4", "token-5"] {
        let given = ask(&bench, &path).await.expect_status(200).json();
        assert_eq!(given["accessToken"], token);
    }
    assert_eq!(refreshed(&bench), ["second", "third", "third"]);
    let read = bench.audit("user.upstream_tokens_read").await;
    assert_eq!(read.len(), 4);
    assert_eq!(
        read[0]["detail"],
        json!({ "refreshed": true, "upstream": "up" })
    );
    assert_eq!(read[0]["actor"], "admin-key:engine.toml");
    let told = format!("{read:?} {}", bench.assay.logs());
    assert!(
        !told.contains("token-") && !told.contains("third"),
        "{told}"
    );
}

async fn many_who_ask_at_once_have_it_refreshed_once(db: TestDb) {
    let (bench, path) = kept(db, json!({ "refresh_token": "first", "expires_in": 5 })).await;
    let next = json!({ "refresh_token": "second", "expires_in": 3_600 });
    bench.up.behave(|up| up.tokens = next);
    let other = bench.assay.replica().await;

    let at = (0..8).map(|turn| if turn % 2 == 0 { &bench.assay } else { &other });
    let asked = at.map(|assay| Reply::to(assay.admin(Method::GET, &path)));
    let given = join_all(asked).await;

    for reply in given {
        assert_eq!(reply.expect_status(200).json()["accessToken"], "token-2");
    }
    assert_eq!(refreshed(&bench), ["first"]);
}

async fn what_cannot_be_handed_out_is_refused_in_words(db: TestDb) {
    let (bench, path) = kept(db, json!({ "expires_in": 5 })).await;
    let expired = ask(&bench, &path).await.expect_status(409);
    assert!(expired.body.contains("no refresh token"), "{expired:?}");

    bench.up.behave(|up| {
        up.tokens = json!({ "refresh_token": "first", "expires_in": 5 });
        up.refuses_refresh = true;
    });
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    for _ in 0..2 {
        let refused = ask(&bench, &path).await.expect_status(409);
        assert!(refused.body.contains("invalid_grant"), "{refused:?}");
        assert!(!refused.body.contains("first"), "{refused:?}");
    }
    let lost = bench.audit("user.upstream_tokens_lost").await;
    assert_eq!(
        lost[0]["detail"],
        json!({ "reason": "token", "upstream": "up" })
    );

    ask(&bench, &path.replace("/up", "/down"))
        .await
        .expect_status(404);
    ask(&bench, "/auth/admin/auth/users/nobody/upstream-tokens/up")
        .await
        .expect_status(404);
    let nobody = bench.assay.request(Method::GET, &path);
    Reply::to(nobody).await.expect_status(401);

    // A manifest that keeps none any more gives none, whatever there is.
    bench.change("");
    ask(&bench, &path).await.expect_status(404);
}
