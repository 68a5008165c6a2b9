//! What is issued, narrowed, looked into and decided.

use reqwest::Method;
use serde_json::json;

use super::{ask, ask_as_admin, issue, key, keys::follows, token_of, verify};
use crate::harness::{Assay, Manifests, Reply, TestDb};

both_databases!(
    a_token_says_what_it_was_given_and_can_only_be_narrowed,
    only_a_key_with_the_permission_issues_and_revokes,
    a_token_ends_when_it_should_and_nobody_can_turn_back_the_clock,
    what_failed_is_named,
    a_sealed_token_is_not_narrowed,
    a_third_party_adds_what_only_it_can_say,
    tokens_of_a_retired_root_key_are_taken_until_it_is_withdrawn,
    what_is_wrong_is_told_without_the_token,
);

const READ: [&str; 2] = ["resource(\"file1\")", "operation(\"read\")"];
const ALLOW: [&str; 1] = ["allow if resource($r), operation($o), right($r, $o)"];

async fn a_token_says_what_it_was_given_and_can_only_be_narrowed(db: TestDb) {
    let assay = Assay::start(db).await;
    let body = json!({
        "facts": ["right({file}, \"read\")", "right({file}, \"write\");"],
        "parameters": { "file": "file1" },
        "context": "for a test",
    });
    let issued = issue(&assay, &body).await;
    assert_eq!(issued["root_key_id"], 1);
    assert_eq!(issued["revocation_ids"].as_array().unwrap().len(), 1);
    let token = token_of(&issued);
    assert!(
        token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')),
        "{token}"
    );
    let write = ["resource(\"file1\")", "operation(\"write\")"];
    assert_eq!(verify(&assay, &token, &READ, &ALLOW).await["allowed"], true);
    assert_eq!(
        verify(&assay, &token, &write, &ALLOW).await["allowed"],
        true
    );
    let other = ["resource(\"file2\")", "operation(\"read\")"];
    let denied = verify(&assay, &token, &other, &ALLOW).await;
    assert_eq!(
        (&denied["allowed"], &denied["reason"]),
        (&json!(false), &json!("no_policy"))
    );

    let body = json!({
        "token": token,
        "checks": ["check if operation(\"read\")"],
        // What a holder adds is not what the issuer said.
        "facts": ["right(\"file2\", \"read\")"],
    });
    let narrowed = ask(&assay, "attenuate", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(narrowed["revocation_ids"][0], issued["revocation_ids"][0]);
    let narrowed = token_of(&narrowed);
    assert_eq!(
        verify(&assay, &narrowed, &READ, &ALLOW).await["allowed"],
        true
    );
    assert_eq!(
        verify(&assay, &narrowed, &write, &ALLOW).await["reason"],
        "checks"
    );
    assert_eq!(
        verify(&assay, &narrowed, &other, &ALLOW).await["allowed"],
        false
    );

    let inspected = ask(&assay, "inspect", &json!({ "token": narrowed })).await;
    let inspected = inspected.expect_status(200).json();
    assert_eq!(inspected["verified"], true);
    assert_eq!(inspected["root_key_id"], 1);
    assert_eq!(inspected["sealed"], false);
    let first = &inspected["blocks"][0];
    assert_eq!(
        first["facts"],
        json!(["right(\"file1\", \"read\")", "right(\"file1\", \"write\")"])
    );
    assert_eq!(first["context"], "for a test");
    assert_eq!(first["revoked"], false);
    assert_eq!(
        inspected["blocks"][1]["checks"],
        json!(["check if operation(\"read\")"])
    );
}

async fn only_a_key_with_the_permission_issues_and_revokes(db: TestDb) {
    let assay = Assay::start(db).await;
    let manifests = Manifests::new();
    let issuer = key("issuer", "biscuit.issue", &manifests);
    let revoker = key("revoker", "biscuit.revoke", &manifests);
    let reader = key("reader", "biscuit.read", &manifests);
    assay.apply(&manifests);
    let issue = json!({ "facts": ["user(1)"] });
    let revoke = json!({ "revocation_ids": ["ab"] });
    let with = |key: &str, method: Method, path: &str| {
        assay
            .request(method, &format!("/auth/biscuit/{path}"))
            .bearer_auth(key)
    };
    for (key, expected) in [
        (&issuer, [201, 403, 403]),
        (&revoker, [403, 200, 403]),
        (&reader, [403, 403, 200]),
    ] {
        let issued = Reply::to(with(key, Method::POST, "issue").json(&issue)).await;
        let revoked = Reply::to(with(key, Method::POST, "revoke").json(&revoke)).await;
        let listed = Reply::to(with(key, Method::GET, "revocations")).await;
        let statuses = [issued, revoked, listed].map(|reply| reply.status.as_u16());
        assert_eq!(statuses, expected);
    }
    ask(&assay, "issue", &issue).await.expect_status(401);
    ask(&assay, "revoke", &revoke).await.expect_status(401);
    assay
        .get("/auth/biscuit/revocations")
        .await
        .expect_status(401);
    // Who made it is known, and by what to revoke it; not what it says.
    let audit =
        Reply::to(assay.admin(Method::GET, "/auth/admin/auth/audit?action=biscuit.issue")).await;
    let audit = audit.expect_status(200).body;
    assert!(
        audit.contains("admin-key:issuer") && audit.contains("revocationId"),
        "{audit}"
    );
    assert!(!audit.contains("user(1)"), "{audit}");
}

async fn a_token_ends_when_it_should_and_nobody_can_turn_back_the_clock(db: TestDb) {
    let assay = Assay::start(db).await;
    let issued = issue(&assay, &json!({ "facts": ["user(1)"], "expires_in": 1 })).await;
    let token = token_of(&issued);
    let allow = ["allow if user(1)"];
    assert_eq!(verify(&assay, &token, &[], &allow).await["allowed"], true);
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let ended = verify(&assay, &token, &[], &allow).await;
    assert_eq!(ended["reason"], "checks", "{ended}");
    for body in [
        json!({ "token": token, "facts": ["time(2020-01-01T00:00:00Z)"], "policies": allow }),
        json!({ "token": token, "rules": ["time($t) <- early($t)"], "facts": ["early(2020-01-01T00:00:00Z)"], "policies": allow }),
    ] {
        let refused = ask(&assay, "verify", &body).await.expect_status(400);
        assert!(refused.json()["detail"].as_str().unwrap().contains("time"));
    }
    for too_long in [json!(0), json!(30 * 86_400 + 1)] {
        let body = json!({ "facts": ["user(1)"], "expires_in": too_long });
        ask_as_admin(&assay, "issue", &body)
            .await
            .expect_status(400);
    }
}

async fn what_failed_is_named(db: TestDb) {
    let assay = Assay::start(db).await;
    let token = token_of(&issue(&assay, &json!({ "facts": ["user(\"ada\")"] })).await);
    let body = json!({
        "token": token,
        "checks": ["check if operation(\"read\")", "check if user(\"ada\")"],
        "policies": ["deny if user(\"bob\")", "allow if user(\"ada\")"],
    });
    let verdict = ask(&assay, "verify", &body).await.json();
    assert_eq!(verdict["allowed"], false);
    assert_eq!(
        verdict["policy"],
        json!({ "index": 1, "kind": "allow", "text": "allow if user(\"ada\")" })
    );
    assert_eq!(
        verdict["failed_checks"],
        json!([{ "block": null, "check": 0, "text": "check if operation(\"read\")" }])
    );
    let denied = verify(
        &assay,
        &token,
        &[],
        &["deny if user(\"ada\")", "allow if true"],
    )
    .await;
    assert_eq!(denied["reason"], "policy");
    assert_eq!(denied["policy"]["kind"], "deny");
    let error = verify(
        &assay,
        &token,
        &["n(1)"],
        &["allow if n($n), $n + 9223372036854775807 > 0"],
    )
    .await;
    assert_eq!(
        (&error["allowed"], &error["reason"]),
        (&json!(false), &json!("execution"))
    );
}

async fn a_sealed_token_is_not_narrowed(db: TestDb) {
    let assay = Assay::start(db).await;
    let token = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let sealed = ask(&assay, "seal", &json!({ "token": token }))
        .await
        .expect_status(200);
    let sealed = token_of(&sealed.json());
    assert_eq!(
        verify(&assay, &sealed, &[], &["allow if user(1)"]).await["allowed"],
        true
    );
    for endpoint in ["attenuate", "seal", "third-party/request"] {
        let refused = ask(&assay, endpoint, &json!({ "token": sealed }))
            .await
            .expect_status(400);
        assert!(refused.body.contains("sealed"), "{refused:?}");
    }
}

async fn a_third_party_adds_what_only_it_can_say(db: TestDb) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use biscuit_auth::{BlockBuilder, KeyPair, ThirdPartyRequest};

    let assay = Assay::start(db).await;
    let partner = KeyPair::new();
    let key = partner.public().to_string();
    let check = format!("check if group(\"partners\") trusting {key}");
    let body = json!({ "facts": ["user(1)"], "checks": [check] });
    let token = token_of(&issue(&assay, &body).await);
    let allow = ["allow if user(1)"];
    assert_eq!(verify(&assay, &token, &[], &allow).await["allowed"], false);
    // Nobody else can say it.
    let body = json!({ "token": token, "facts": ["group(\"partners\")"] });
    let claimed = token_of(&ask(&assay, "attenuate", &body).await.json());
    assert_eq!(
        verify(&assay, &claimed, &[], &allow).await["allowed"],
        false
    );

    let request = ask(&assay, "third-party/request", &json!({ "token": token })).await;
    let request = request.expect_status(200).json()["request"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = URL_SAFE_NO_PAD.decode(request).unwrap();
    let sign = |fact: &str| {
        let request = ThirdPartyRequest::deserialize(&request).unwrap();
        let block = BlockBuilder::new().fact(fact).unwrap();
        let block = request.create_block(&partner.private(), block).unwrap();
        URL_SAFE_NO_PAD.encode(block.serialize().unwrap())
    };
    let block = sign("group(\"partners\")");
    let body = json!({ "token": token, "block": block });
    let vouched = ask(&assay, "third-party/append", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        verify(&assay, &token_of(&vouched), &[], &allow).await["allowed"],
        true
    );

    // A block is for one token, and signed as it is.
    let other = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let mut torn = URL_SAFE_NO_PAD.decode(&block).unwrap();
    let last = torn.len() - 40;
    torn[last] ^= 1;
    for body in [
        json!({ "token": other, "block": block }),
        json!({ "token": token, "block": URL_SAFE_NO_PAD.encode(torn) }),
        json!({ "token": token, "block": "AAAA" }),
    ] {
        ask(&assay, "third-party/append", &body)
            .await
            .expect_status(400);
    }
}

async fn tokens_of_a_retired_root_key_are_taken_until_it_is_withdrawn(db: TestDb) {
    let assay = Assay::start(db).await;
    let replica = assay.replica().await;
    let old = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let allow = ["allow if user(1)"];
    assay.cli(["keys", "rotate", "biscuit"]).expect_code(0);
    follows(&assay, &[1, 2], 2).await;
    follows(&replica, &[1, 2], 2).await;
    let new = issue(&replica, &json!({ "facts": ["user(1)"] })).await;
    assert_eq!(new["root_key_id"], 2);
    for server in [&assay, &replica] {
        assert_eq!(verify(server, &old, &[], &allow).await["allowed"], true);
        assert_eq!(
            verify(server, &token_of(&new), &[], &allow).await["allowed"],
            true
        );
    }
    assay
        .cli(["keys", "withdraw", "biscuit", "1"])
        .expect_code(0);
    follows(&assay, &[2], 2).await;
    follows(&replica, &[2], 2).await;
    // Also where it was seen and kept.
    for server in [&assay, &replica] {
        let body = json!({ "token": old, "policies": allow });
        let refused = ask(server, "verify", &body).await.expect_status(400).json();
        assert!(
            refused["type"]
                .as_str()
                .unwrap()
                .ends_with("invalid-biscuit")
        );
        assert_eq!(
            verify(server, &token_of(&new), &[], &allow).await["allowed"],
            true
        );
    }
}

async fn what_is_wrong_is_told_without_the_token(db: TestDb) {
    let assay = Assay::start(db).await;
    let stranger = Assay::start(TestDb::sqlite()).await;
    let foreign =
        token_of(&issue(&stranger, &json!({ "facts": ["user(\"secret-of-ada\")"] })).await);
    let ours = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let torn = {
        let middle = ours.len() / 2;
        let flipped = if ours.as_bytes()[middle] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{flipped}{}", &ours[..middle], &ours[middle + 1..])
    };
    for token in [
        &foreign,
        &torn,
        &"secret-of-ada".to_owned(),
        &String::new(),
        &"A".repeat(20_000),
    ] {
        for endpoint in ["verify", "attenuate", "seal", "third-party/request"] {
            let refused = ask(&assay, endpoint, &json!({ "token": token }))
                .await
                .expect_status(400);
            assert_eq!(
                refused.header("content-type"),
                Some("application/problem+json")
            );
            let part = token.get(..12).unwrap_or("secret-of-ada");
            assert!(!refused.body.contains(part), "{refused:?}");
        }
    }
    let inspected = ask(&assay, "inspect", &json!({ "token": foreign }))
        .await
        .json();
    assert_eq!(inspected["verified"], false);

    for (body, place) in [
        (
            json!({ "facts": ["user(1); admin(true)"] }),
            "facts[0]: one fact",
        ),
        (json!({ "facts": ["user(1)", "user("] }), "facts[1]: line 1"),
        (json!({ "facts": ["check if true"] }), "facts[0]: one fact"),
        (json!({ "checks": ["allow if true"] }), "checks[0]"),
        (json!({ "rules": ["right($a) <- user($b)"] }), "rule"),
        (json!({ "facts": ["user({who})"] }), "{who}"),
        (
            json!({ "facts": ["user(1)"], "parameters": { "who": 1 } }),
            "{who} is used nowhere",
        ),
        (json!({ "fact": [] }), "line 1"),
        (
            json!({ "facts": [format!("f(\"{}\")", "a".repeat(20_000))] }),
            "bytes",
        ),
        (json!({ "context": "a".repeat(2_000) }), "context"),
    ] {
        let refused = ask_as_admin(&assay, "issue", &body)
            .await
            .expect_status(400)
            .json();
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(place), "{detail}");
    }
    let long = assay
        .admin(Method::POST, "/auth/biscuit/issue")
        .json(&json!({ "context": "a".repeat(200_000) }));
    Reply::to(long).await.expect_status(413);
}
