//! Services of the operator's are asked before something happens, and told after.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Assay, Manifests, Registration, RelyingParty, Reply, TestDb, User, WEBHOOK_SECRET,
    WebhookReceiver,
};

both_databases!(
    a_service_is_told_of_sign_ins_and_tokens,
    a_service_can_keep_somebody_out,
    a_service_can_keep_tokens_back_and_the_code_stays_good,
    a_service_that_gives_no_answer_counts_as_the_manifest_says,
    what_happened_is_told_again_until_it_is_taken,
    two_replicas_tell_once,
);

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";

const CLIENT: &str = "---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials]
  scopes: [openid, email, offline_access, reports.read]
  consent: implicit
";

struct Bench {
    assay: Assay,
    receiver: WebhookReceiver,
    wiki: RelyingParty,
    ada: User,
    manifests: Manifests,
}

async fn bench(db: TestDb, events: &str, more: &str) -> Bench {
    let receiver = WebhookReceiver::start().await;
    let webhook = receiver.manifest("crm", events, more);
    let manifests = Manifests::new()
        .file("hook-secret", WEBHOOK_SECRET)
        .file("all.yaml", &(webhook + CLIENT));
    let assay = Assay::with(db)
        .env("WIKI_SECRET", SECRET)
        .manifests(&manifests)
        .start()
        .await;
    let registration =
        Registration::confidential("wiki", SECRET, "https://wiki.example.com/callback")
            .scope("openid email offline_access");
    let wiki = assay.relying_party(registration).await;
    let ada = assay.user("ada");
    Bench {
        assay,
        receiver,
        wiki,
        ada,
        manifests,
    }
}

async fn a_service_is_told_of_sign_ins_and_tokens(db: TestDb) {
    let bench = bench(
        db,
        "sign_in.before, sign_in.after, token.before, token.after",
        "",
    )
    .await;
    let tokens = bench
        .wiki
        .sign_in(&mut bench.assay.visitor(), &bench.ada)
        .await;

    let (asked_id, asked) = bench.receiver.received("sign_in.before").remove(0);
    let (told_id, told) = bench.receiver.wait_for("sign_in.after", 1).await.remove(0);
    assert_ne!(asked_id, told_id);
    for body in [&asked, &told] {
        assert_eq!(body["data"]["user"]["email"], bench.ada.email);
        assert_eq!(body["data"]["amr"], json!(["pwd"]));
        assert_eq!(body["data"]["ip"], "127.0.0.1");
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
    }

    let (_, asked) = bench.receiver.received("token.before").remove(0);
    let (_, told) = bench.receiver.wait_for("token.after", 1).await.remove(0);
    for body in [&asked, &told] {
        assert_eq!(body["data"]["client"], "wiki");
        assert_eq!(body["data"]["grant_type"], "authorization_code");
        assert_eq!(body["data"]["scope"], "email offline_access openid");
        assert!(body["data"]["user"]["id"].is_string(), "{body}");
    }
    let told = told.to_string();
    assert!(!told.contains(&tokens.access_token));

    let refresh_token = tokens.refresh_token.unwrap();
    bench.wiki.refresh(&refresh_token).await.tokens();
    bench
        .wiki
        .client_credentials("reports.read")
        .await
        .expect_status(200);
    let mut told = bench.receiver.wait_for("token.after", 3).await;
    // What is told at once may arrive in any order; ids are in the order of what happened.
    told.sort_by(|(one, _), (other, _)| one.cmp(other));
    let kinds: Vec<&Value> = told
        .iter()
        .map(|(_, body)| &body["data"]["grant_type"])
        .collect();
    assert_eq!(
        kinds,
        ["authorization_code", "refresh_token", "client_credentials"]
    );
    assert_eq!(told[2].1["data"]["user"], Value::Null);
}

async fn a_service_can_keep_somebody_out(db: TestDb) {
    let bench = bench(db, "sign_in.before", "").await;
    bench.receiver.answer(
        200,
        r#"{"allow": false, "message": "Your <b>contract</b> has ended."}"#,
    );

    let mut visitor = bench.assay.visitor();
    let login = visitor.open(&bench.assay.url("/auth/login")).await.page();
    let form = login
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.reply.status, 403);
    assert!(
        page.reply
            .body
            .contains("Your &#60;b&#62;contract&#60;/b&#62; has ended."),
        "{}",
        page.reply.body
    );

    // Nobody is signed in.
    let account = visitor.open(&bench.assay.url("/auth/account")).await.page();
    account.form_with("password");
    let audit = bench.assay.admin(
        Method::GET,
        "/auth/admin/auth/audit?action=session.sign_in_refused",
    );
    let audit = Reply::to(audit).await.expect_status(200).json();
    assert_eq!(audit["events"][0]["detail"]["webhook"], "crm", "{audit:#}");

    bench.receiver.answer(200, r#"{"allow": true}"#);
    bench.wiki.sign_in(&mut visitor, &bench.ada).await;
}

async fn a_service_can_keep_tokens_back_and_the_code_stays_good(db: TestDb) {
    let bench = bench(db, "token.before", "").await;
    let authorization = bench.wiki.authorization();
    let callback = bench
        .assay
        .visitor()
        .sign_in(&authorization.url(), &bench.ada)
        .await;
    let code = bench.wiki.code_in(&callback, &authorization);

    bench
        .receiver
        .answer(200, r#"{"allow": false, "message": "not \"today\""}"#);
    let refused = bench
        .wiki
        .redeem(&code, &authorization)
        .await
        .expect_status(400)
        .json();
    assert_eq!(refused["error"], "access_denied");
    assert_eq!(refused["error_description"], "not 'today'");
    let refused = bench
        .wiki
        .client_credentials("reports.read")
        .await
        .expect_status(400)
        .json();
    assert_eq!(refused["error"], "access_denied");

    bench.receiver.answer(204, "");
    bench.wiki.redeem(&code, &authorization).await.tokens();
}

async fn a_service_that_gives_no_answer_counts_as_the_manifest_says(db: TestDb) {
    let bench = bench(db, "token.before", "  timeout: 1s\n").await;
    for (status, body) in [(500, ""), (200, "sure"), (302, "")] {
        bench.receiver.answer(status, body);
        let refused = bench.wiki.client_credentials("reports.read").await;
        assert_eq!(refused.expect_status(400).json()["error"], "access_denied");
    }
    bench.receiver.answer(204, "");
    bench.receiver.answer_after(Duration::from_secs(30));
    let refused = bench.wiki.client_credentials("reports.read").await;
    assert_eq!(refused.expect_status(400).json()["error"], "access_denied");

    let lenient =
        bench
            .receiver
            .manifest("crm", "token.before", "  timeout: 1s\n  onFailure: allow\n");
    bench.manifests.write("all.yaml", &(lenient + CLIENT));
    bench.assay.apply(&bench.manifests);
    bench
        .wiki
        .client_credentials("reports.read")
        .await
        .expect_status(200);
}

async fn what_happened_is_told_again_until_it_is_taken(db: TestDb) {
    let mut bench = bench(db, "token.after", "").await;
    bench.receiver.answer(503, "");
    bench
        .wiki
        .client_credentials("reports.read")
        .await
        .expect_status(200);
    bench.receiver.wait_for("token.after", 1).await;
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let listed = bench
            .assay
            .admin(Method::GET, "/auth/admin/webhook-deliveries");
        let listed = Reply::to(listed).await.expect_status(200).json();
        let delivery = &listed["deliveries"][0];
        if delivery["lastError"].is_string() {
            assert_eq!(delivery["lastError"], "it answered 503 Service Unavailable");
            assert_eq!(delivery["webhook"], "crm");
            break;
        }
        assert!(Instant::now() < deadline, "{listed:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // It survives a crash, and keeps its id.
    bench.assay.kill();
    bench.receiver.answer(200, "thanks");
    bench.assay.restart().await;
    let told = bench.receiver.wait_for("token.after", 2).await;
    assert_eq!(told[0], told[1]);
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let listed = bench
            .assay
            .admin(Method::GET, "/auth/admin/webhook-deliveries");
        let listed = Reply::to(listed).await.expect_status(200).json();
        if listed["deliveries"] == json!([]) {
            break;
        }
        assert!(Instant::now() < deadline, "{listed:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn two_replicas_tell_once(db: TestDb) {
    let bench = bench(db, "token.after", "").await;
    let replica = bench.assay.replica().await;
    for _ in 0..10 {
        bench
            .wiki
            .client_credentials("reports.read")
            .await
            .expect_status(200);
    }
    let told = bench.receiver.wait_for("token.after", 10).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut ids: Vec<String> = told.into_iter().map(|(id, _)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    assert_eq!(bench.receiver.received("token.after").len(), 10);
    drop(replica);
}
