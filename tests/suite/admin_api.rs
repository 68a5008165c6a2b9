//! Who may use the admin API, and what it does to people.

use assay_reconciler::spec::admin_key::KeyHash;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{ADMIN_KEY, Assay, Reply, TestDb};

both_databases!(
    without_a_valid_key_nothing_is_told_or_done,
    a_key_does_what_it_was_given_and_no_more,
    a_key_that_was_deleted_is_refused_at_once,
    an_apply_is_served_before_it_is_answered,
    a_body_is_taken_up_to_its_limit,
    people_are_listed_changed_and_deleted,
    what_the_api_says_of_itself_is_so,
    modules_that_this_build_does_not_have_say_so,
);

const PLAN: &str = "/auth/admin/reconcile/plan";
const GENERATIONS: &str = "/auth/admin/reconcile/generations";
const USERS: &str = "/auth/admin/auth/users";

fn key_manifest(name: &str, key: &str, more: &str) -> Value {
    let mut spec = json!({ "hash": KeyHash::of(key) });
    let more: Value = serde_json::from_str(more).unwrap();
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    json!({
        "apiVersion": "assay/v1", "kind": "AdminKey", "metadata": { "name": name }, "spec": spec
    })
}

async fn apply(assay: &Assay, manifests: &[Value], more: &Value) -> Reply {
    let mut body = json!({ "manifests": manifests });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    Reply::to(
        assay
            .admin(Method::POST, "/auth/admin/reconcile/apply")
            .json(&body),
    )
    .await
}

async fn with_key(assay: &Assay, method: Method, path: &str, key: &str) -> Reply {
    let request = assay.request(method.clone(), path).bearer_auth(key);
    if method == Method::POST {
        return Reply::to(request.json(&json!({ "manifests": [] }))).await;
    }
    Reply::to(request).await
}

fn kind(reply: &Reply) -> String {
    let document = reply.json();
    document["type"].as_str().unwrap().to_owned()
}

async fn without_a_valid_key_nothing_is_told_or_done(db: TestDb) {
    let assay = Assay::start(db).await;
    let expired = key_manifest(
        "old",
        "sk_admin_expired-0123456789",
        r#"{ "permissions": ["*"], "expiresAt": "2020-01-01T00:00:00Z" }"#,
    );
    apply(&assay, &[expired], &json!({}))
        .await
        .expect_status(200);

    for path in [
        GENERATIONS,
        USERS,
        "/auth/admin/auth/jwks",
        "/auth/admin/auth/modules",
    ] {
        let nobody = assay.get(path).await.expect_status(401);
        assert_eq!(kind(&nobody), "urn:assay:problem:unauthenticated");
        assert!(
            nobody
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
        for key in ["sk_admin_wrong", "sk_admin_expired-0123456789"] {
            let refused = with_key(&assay, Method::GET, path, key).await;
            let refused = refused.expect_status(401);
            assert!(!refused.body.contains(key));
        }
    }
    let basic = assay
        .request(Method::GET, USERS)
        .basic_auth("admin", Some("x"));
    Reply::to(basic).await.expect_status(401);
    let twice = assay
        .admin(Method::GET, USERS)
        .header("authorization", "Bearer x");
    Reply::to(twice).await.expect_status(401);
    // The key comes first: nobody's body is looked at.
    let body = assay.request(Method::POST, PLAN).body("no JSON");
    Reply::to(body).await.expect_status(401);
    assert!(!assay.logs().contains("sk_admin_wrong"));
}

async fn a_key_does_what_it_was_given_and_no_more(db: TestDb) {
    let assay = Assay::start(db).await;
    let reader = "sk_admin_reader-0123456789";
    let manifest = key_manifest("reader", reader, r#"{ "permissions": ["config.read"] }"#);
    apply(&assay, &[manifest], &json!({}))
        .await
        .expect_status(200);

    with_key(&assay, Method::GET, GENERATIONS, reader)
        .await
        .expect_status(200);
    with_key(&assay, Method::POST, PLAN, reader)
        .await
        .expect_status(200);
    for (method, path) in [
        (Method::POST, "/auth/admin/reconcile/apply"),
        (Method::POST, "/auth/admin/reconcile/rollback"),
        (Method::PATCH, "/auth/admin/auth/modules"),
        (Method::GET, USERS),
        (Method::POST, USERS),
        (Method::GET, "/auth/admin/auth/sessions?user=x"),
        (Method::DELETE, "/auth/admin/auth/sessions/x"),
        (Method::GET, "/auth/admin/auth/audit"),
        (Method::DELETE, "/auth/admin/auth/oidc-clients/x"),
        (Method::GET, "/auth/admin/auth/jwks"),
        (Method::POST, "/auth/admin/auth/jwks/rotate"),
    ] {
        let refused = with_key(&assay, method, path, reader).await;
        let refused = refused.expect_status(403);
        assert_eq!(kind(&refused), "urn:assay:problem:forbidden");
        assert!(
            refused.json()["detail"]
                .as_str()
                .unwrap()
                .contains("`reader`")
        );
    }
}

async fn a_key_that_was_deleted_is_refused_at_once(db: TestDb) {
    let assay = Assay::start(db).await;
    let key = "sk_admin_deleted-0123456789";
    let manifest = key_manifest("gone", key, r#"{ "permissions": ["config.read"] }"#);
    let other = key_manifest(
        "kept",
        "sk_admin_kept-0123456789",
        r#"{ "permissions": ["*"] }"#,
    );
    apply(&assay, &[manifest, other.clone()], &json!({}))
        .await
        .expect_status(200);
    with_key(&assay, Method::GET, GENERATIONS, key)
        .await
        .expect_status(200);

    apply(&assay, &[other], &json!({ "prune": true }))
        .await
        .expect_status(200);

    with_key(&assay, Method::GET, GENERATIONS, key)
        .await
        .expect_status(401);
}

async fn an_apply_is_served_before_it_is_answered(db: TestDb) {
    let assay = Assay::start(db).await;
    for round in 0..5 {
        let module = json!({
            "apiVersion": "assay/v1", "kind": "Module", "metadata": { "name": "password" },
            "spec": { "enabled": round % 2 == 1 }
        });
        let reply = apply(&assay, &[module], &json!({}))
            .await
            .expect_status(200)
            .json();
        assert_eq!(reply["outcome"], "applied");
        let page = assay.get("/auth/login").await;
        assert_eq!(
            page.header("assay-generation").unwrap(),
            reply["generation"].to_string()
        );
        assert_eq!(page.status.as_u16(), if round % 2 == 1 { 200 } else { 404 });
    }
    let wrong = json!({ "apiVersion": "assay/v1", "kind": "OidcClient",
        "metadata": { "name": "x" }, "spec": { "redirectUri": 1 } });
    let refused = apply(&assay, &[wrong], &json!({})).await.expect_status(422);
    assert_eq!(kind(&refused), "urn:assay:problem:invalid-manifests");
    assert!(!refused.json()["problems"].as_array().unwrap().is_empty());
    let unknown = apply(&assay, &[], &json!({ "nonsense": true })).await;
    unknown.expect_status(400);
}

async fn a_body_is_taken_up_to_its_limit(db: TestDb) {
    const LIMIT: usize = 64 * 1024 * 1024;
    let assay = Assay::start(db).await;
    let manifest = key_manifest(
        "ci",
        "sk_admin_ci-0123456789",
        r#"{ "permissions": ["config.read"] }"#,
    );
    let mut body = json!({ "manifests": [manifest] }).to_string();
    body.extend(std::iter::repeat_n(' ', LIMIT - body.len()));
    let request = assay
        .admin(Method::POST, PLAN)
        .header("content-type", "application/json");
    let fits = Reply::to(request.body(body)).await.expect_status(200);
    assert_eq!(fits.json()["summary"]["create"], 1);

    // Said before the body is sent: a client that sends it all the same may be cut off while it does.
    let port = assay.url("/").port().unwrap();
    let head = format!(
        "POST {PLAN} HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {ADMIN_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        LIMIT + 1
    );
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("\"urn:assay:problem:too-large\""),
        "{answer}"
    );
    assert!(answer.contains(&format!("\"limit\":{LIMIT}")), "{answer}");
}

async fn people_are_listed_changed_and_deleted(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = assay.user("ada");
    let grace = json!({ "email": "grace@example.com", "password": "correct horse battery" });
    let made = Reply::to(assay.admin(Method::POST, USERS).json(&grace)).await;
    let made = made.expect_status(201);
    assert!(!made.body.contains("argon2") && !made.body.contains("battery"));
    let again = Reply::to(assay.admin(Method::POST, USERS).json(&grace)).await;
    again.expect_status(409);
    let cli = assay.remote_command(["user", "create", "--email", "grace@example.com"]);
    cli.run().expect_code(5);
    let made_up = assay
        .remote_command(["user", "create", "--email", "alan@example.com"])
        .run()
        .expect_code(0);
    assert_eq!(made_up.stdout.trim().len(), 22);

    let page = Reply::to(assay.admin(Method::GET, &format!("{USERS}?limit=2"))).await;
    let page = page.expect_status(200).json();
    assert_eq!(page["users"][0]["email"], ada.email);
    let next = page["next"].as_str().unwrap();
    let rest = Reply::to(assay.admin(Method::GET, &format!("{USERS}?after={next}"))).await;
    let rest = rest.expect_status(200).json();
    assert_eq!(rest["users"].as_array().unwrap().len(), 1);
    assert!(rest.get("next").is_none());

    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{USERS}/{id}");
    let disabled = json!({ "state": "disabled", "isAdmin": true });
    let changed = Reply::to(assay.admin(Method::PATCH, &one).json(&disabled)).await;
    let changed = changed.expect_status(200).json();
    assert_eq!(
        (&changed["state"], &changed["isAdmin"]),
        (&json!("disabled"), &json!(true))
    );
    let short = assay.admin(Method::PUT, &format!("{one}/password"));
    Reply::to(short.json(&json!({ "password": "x" })))
        .await
        .expect_status(400);
    let fine = assay.admin(Method::PUT, &format!("{one}/password"));
    let fine = fine.json(&json!({ "password": "another horse battery" }));
    Reply::to(fine).await.expect_status(204);
    Reply::to(assay.admin(Method::DELETE, &one))
        .await
        .expect_status(204);
    Reply::to(assay.admin(Method::DELETE, &one))
        .await
        .expect_status(404);
    Reply::to(assay.admin(Method::GET, &one))
        .await
        .expect_status(404);
}

/// Every operation that is described is there, and asks for a key before anything else.
async fn what_the_api_says_of_itself_is_so(db: TestDb) {
    let assay = Assay::start(db).await;
    let document = assay.get("/auth/admin/openapi.json").await;
    let document = document.expect_status(200).json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 10);
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "nobody");
            let reply = Reply::to(assay.request(method.clone(), &path)).await;
            assert_eq!(reply.status.as_u16(), 401, "{method} {path}");
        }
    }
}

async fn modules_that_this_build_does_not_have_say_so(db: TestDb) {
    let assay = Assay::start(db).await;
    let modules = Reply::to(assay.admin(Method::GET, "/auth/admin/auth/modules")).await;
    let modules = modules.expect_status(200).json();
    let table = assay.cli(["modules"]).expect_code(0).stdout;
    for (name, path) in [
        ("session", "/auth/account"),
        ("password", "/auth/login"),
        ("jwt", "/.well-known/jwks.json"),
        ("oidc_provider", "/.well-known/openid-configuration"),
        ("passkey", "/auth/passkey/auth/start"),
        ("zanzibar", "/auth/zanzibar/check"),
        ("biscuit", "/auth/biscuit/issue"),
        ("admin", "/auth/admin/openapi.json"),
        ("console", "/auth/console"),
    ] {
        let is_served = assay.get(path).await.status != 404;
        let all = modules.as_array().unwrap();
        let module = all.iter().find(|module| module["name"] == name).unwrap();
        assert_eq!(module["inBuild"], is_served, "{module}");
        let mut lines = table.lines();
        let line = lines.find(|line| line.starts_with(name)).unwrap();
        assert_ne!(line.contains("not in this build"), is_served, "{line}");
    }
}
