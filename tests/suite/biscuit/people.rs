//! What people may have put into tokens for themselves.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, token_of, verify};
use crate::harness::{Assay, Manifests, Registration, Reply, TestDb, User};

both_databases!(a_person_gets_what_a_manifest_grants_and_nothing_else,);

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const CALLBACK: &str = "https://wiki.example.com/callback";

const MANIFESTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, biscuit]
  consent: implicit
---
apiVersion: assay/v1
kind: Module
metadata: { name: biscuit }
spec:
  settings:
    grants:
      - anyone: true
        facts: ["user({user})", "group({group})", "mail({email})"]
      - groups: [editors]
        facts: ["right(\"wiki\", \"edit\")"]
        maxTtl: 10m
"#;

/// Asks for a token with this access token.
async fn issue(assay: &Assay, access_token: &str, body: &Value) -> Reply {
    let request = assay.request(Method::POST, "/auth/biscuit/issue");
    Reply::to(request.bearer_auth(access_token).json(body)).await
}

async fn access_token(assay: &Assay, user: &User, scope: &str) -> String {
    let registration = Registration::confidential("wiki", SECRET, CALLBACK).scope(scope);
    let client = assay.relying_party(registration).await;
    client
        .sign_in(&mut assay.visitor(), user)
        .await
        .access_token
}

async fn a_person_gets_what_a_manifest_grants_and_nothing_else(db: TestDb) {
    let manifests = Manifests::new().file("all.yaml", MANIFESTS);
    let setup = Assay::with(db)
        .env("WIKI_SECRET", SECRET)
        .manifests(&manifests);
    let assay = setup.start().await;
    let (ada, bob) = (assay.user("ada"), assay.user("bob"));
    let admin = async |method: Method, path: &str, body: Value| {
        Reply::to(assay.admin(method, path).json(&body)).await
    };
    let id_of = async |user: &User| {
        let path = format!("/auth/admin/auth/users?email={}", user.email);
        let page = admin(Method::GET, &path, json!({})).await.json();
        page["users"][0]["id"].as_str().unwrap().to_owned()
    };
    let ada_id = id_of(&ada).await;
    for group in ["editors", "odd \"); right(\"x"] {
        let made = admin(
            Method::POST,
            "/auth/admin/auth/groups",
            json!({ "name": group }),
        )
        .await;
        let group = made.expect_status(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let member = format!("/auth/admin/auth/groups/{group}/members/{ada_id}");
        admin(Method::PUT, &member, json!({}))
            .await
            .expect_status(204);
    }
    let hers = access_token(&assay, &ada, "openid biscuit").await;
    let his = access_token(&assay, &bob, "openid biscuit").await;

    // Nothing asked for is all there is. The address is not verified, and so is not told.
    let all = issue(&assay, &hers, &json!({ "expires_in": 600 }))
        .await
        .expect_status(201)
        .json();
    let shown = ask(&assay, "inspect", &json!({ "token": all["token"] }))
        .await
        .json();
    let mut facts: Vec<&str> = shown["blocks"][0]["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact.as_str().unwrap())
        .collect();
    facts.sort_unstable();
    let user = format!("user(\"{ada_id}\")");
    assert_eq!(
        facts,
        [
            "group(\"editors\")",
            "group(\"odd \\\"); right(\\\"x\")",
            "right(\"wiki\", \"edit\")",
            &user
        ]
    );

    // Part of it, with checks of her own; the longest life is that of what is asked for.
    let body =
        json!({ "facts": [user], "checks": ["check if ip(\"10.1.1.1\")"], "expires_in": 3600 });
    let own = issue(&assay, &hers, &body).await.expect_status(201).json();
    let allow = format!("allow if {user}");
    assert_eq!(
        verify(&assay, &token_of(&own), &[], &[&allow]).await["allowed"],
        false
    );
    assert_eq!(
        verify(&assay, &token_of(&own), &["ip(\"10.1.1.1\")"], &[&allow]).await["allowed"],
        true
    );

    let his_id = id_of(&bob).await;
    for (token, body, status) in [
        (&hers, json!({ "expires_in": 601 }), 400),
        (
            &hers,
            json!({ "facts": ["right(\"wiki\", \"delete\")"] }),
            403,
        ),
        (
            &hers,
            json!({ "facts": [format!("user(\"{his_id}\")")] }),
            403,
        ),
        (&hers, json!({ "facts": ["right(\"x\", \"edit\")"] }), 403),
        (
            &hers,
            json!({ "rules": ["right(\"wiki\", \"delete\") <- user($u)"] }),
            403,
        ),
        (&his, json!({ "facts": ["right(\"wiki\", \"edit\")"] }), 403),
        (&his, json!({ "facts": ["group(\"editors\")"] }), 403),
        (&his, json!({}), 201),
    ] {
        issue(&assay, token, &body).await.expect_status(status);
    }
    // A token for something else is not enough, nor one that is none.
    let other = access_token(&assay, &ada, "openid").await;
    let refused = issue(&assay, &other, &json!({})).await.expect_status(403);
    assert!(refused.body.contains("scope biscuit"), "{refused:?}");
    issue(&assay, "nonsense", &json!({}))
        .await
        .expect_status(401);
    issue(&assay, "sk_admin_nonsense", &json!({}))
        .await
        .expect_status(401);

    // Nothing, unless a manifest says so; and nothing for an account that is off.
    let disabled = admin(
        Method::PATCH,
        &format!("/auth/admin/auth/users/{his_id}"),
        json!({ "state": "disabled" }),
    )
    .await;
    disabled.expect_status(200);
    issue(&assay, &his, &json!({})).await.expect_status(401);
    let without = MANIFESTS.split("---\n").next().unwrap();
    manifests.write("all.yaml", without);
    let path = manifests.path().to_str().unwrap();
    let apply = assay
        .remote_command(["apply", "-f", path, "--prune"])
        .env("WIKI_SECRET", SECRET);
    apply.run().expect_code(0);
    let refused = issue(&assay, &hers, &json!({})).await.expect_status(403);
    assert!(refused.body.contains("grants"), "{refused:?}");
}
