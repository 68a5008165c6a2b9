use reqwest::Method;
use serde_json::{Value, json};

use super::{NAMESPACES, ask, expect_problem, start};
use crate::harness::{Assay, Command, Manifests, Reply, TestDb};

both_databases!(
    a_key_does_what_it_is_permitted_to,
    what_is_not_understood_is_refused,
    a_module_that_is_off_says_so,
);

/// What there is, and the permission that it takes.
const ROUTES: [(Method, &str, &str); 12] = [
    (Method::POST, "check", "zanzibar.check"),
    (Method::POST, "bulk-check", "zanzibar.check"),
    (Method::POST, "lookup-resources", "zanzibar.check"),
    (Method::POST, "lookup-subjects", "zanzibar.check"),
    (Method::POST, "expand", "zanzibar.read"),
    (Method::POST, "explain", "zanzibar.read"),
    (Method::POST, "read", "zanzibar.read"),
    (Method::GET, "export", "zanzibar.read"),
    (Method::GET, "watch", "zanzibar.read"),
    (Method::POST, "write", "zanzibar.write"),
    (Method::POST, "import", "zanzibar.write"),
    (Method::DELETE, "tuples", "zanzibar.write"),
];

/// Makes a key, adds its manifest, and gives the key.
fn key(name: &str, permission: &str, manifests: &Manifests) -> String {
    let made = Command::offline(["admin-key", "new", name, "--permission", permission]);
    let made = made.run().expect_code(0);
    manifests.write(&format!("{name}.yaml"), &made.stdout);
    let word = |line: &str| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '`' || c == '"');
        words
            .find(|word| word.starts_with("sk_admin_"))
            .map(str::to_owned)
    };
    let key = made.stderr.lines().find_map(word);
    key.unwrap_or_else(|| panic!("no key in {made:?}"))
}

/// With this key, and a body that says nothing.
async fn with(assay: &Assay, key: &str, method: &Method, path: &str) -> Reply {
    let path = format!("/auth/zanzibar/{path}");
    let request = assay.request(method.clone(), &path).bearer_auth(key);
    let request = match (method, path.ends_with("watch")) {
        (&Method::POST, _) => request.json(&json!({ "nonsense": 1 })),
        // Refused for what it asks for, so that it ends.
        (_, true) => request.query(&[("since", "nonsense")]),
        _ => request,
    };
    Reply::to(request).await
}

async fn a_key_does_what_it_is_permitted_to(db: TestDb) {
    let assay = Assay::start(db).await;
    let manifests = Manifests::new().file("namespaces.yaml", NAMESPACES);
    let keys = [
        "zanzibar.check",
        "zanzibar.read",
        "zanzibar.write",
        "users.write",
    ]
    .map(|permission| {
        (
            permission,
            key(&permission.replace('.', "-"), permission, &manifests),
        )
    });
    assay.apply(&manifests);
    for (method, path, needed) in &ROUTES {
        for (permission, key) in &keys {
            let reply = with(&assay, key, method, path).await;
            if permission == needed {
                assert!(
                    ![401, 403].contains(&reply.status.as_u16()),
                    "{path}: {reply:?}"
                );
            } else {
                // Whoever may not is not told what is wrong with the body either.
                let problem = expect_problem(&reply, 403, "forbidden");
                assert_eq!(problem["permission"], *needed, "{path}");
            }
        }
        let stranger = with(&assay, "sk_admin_wrong", method, path).await;
        expect_problem(&stranger, 401, "unauthenticated");
        let path = format!("/auth/zanzibar/{path}");
        let nobody = Reply::to(assay.request(method.clone(), &path)).await;
        expect_problem(&nobody, 401, "unauthenticated");
    }
}

async fn what_is_not_understood_is_refused(db: TestDb) {
    let assay = start(db).await;
    let whole = json!({
        "object_type": "document", "object_id": "1", "relation": "view",
        "subject_type": "user", "subject_id": "ada",
    });
    ask(&assay, "check", &whole).await.expect_status(200);
    for (member, value) in [
        ("object_id", Value::Null),
        ("subject_relation", json!("member")),
        ("context", json!([1])),
        ("consistency", json!({ "freshest": true })),
        (
            "consistency",
            json!({ "fully_consistent": true, "minimize_latency": true }),
        ),
    ] {
        let mut body = whole.clone();
        body[member] = value;
        expect_problem(&ask(&assay, "check", &body).await, 400, "bad-request");
    }
    let text = assay
        .admin(Method::POST, "/auth/zanzibar/check")
        .body(whole.to_string());
    assert_eq!(Reply::to(text).await.status, 415);
    let get = Reply::to(assay.admin(Method::GET, "/auth/zanzibar/check")).await;
    expect_problem(&get, 405, "method-not-allowed");

    for (change, kind) in [
        (json!({ "object_type": "paper" }), "unknown-namespace"),
        (json!({ "subject_type": "robot" }), "unknown-namespace"),
        (json!({ "relation": "read" }), "unknown-relation"),
        (json!({ "subject_rel": "friend" }), "unknown-relation"),
        (
            json!({ "subject_type": "group", "subject_id": "*", "subject_rel": "member" }),
            "invalid-subject",
        ),
    ] {
        let mut body = whole.clone();
        for (member, value) in change.as_object().unwrap() {
            body[member] = value.clone();
        }
        expect_problem(&ask(&assay, "check", &body).await, 422, kind);
    }
    let many: Vec<Value> = vec![whole; 10_001];
    let refused = ask(&assay, "bulk-check", &json!({ "checks": many })).await;
    assert_eq!(
        expect_problem(&refused, 400, "bad-request")["limit"],
        10_000
    );
}

async fn a_module_that_is_off_says_so(db: TestDb) {
    let assay = start(db).await;
    super::touch(&assay, &["group:staff#member@user:ada"]).await;
    assay.cli(["module", "disable", "zanzibar"]).expect_code(0);
    let gone = async || {
        let reply = ask(
            &assay,
            "check",
            &super::tuple("group:staff#member@user:ada"),
        )
        .await;
        (reply.status.as_u16() == 404).then_some(reply)
    };
    let refused = loop {
        // Another process has switched it off.
        if let Some(reply) = gone().await {
            break reply;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(
        expect_problem(&refused, 404, "module-disabled")["module"],
        "zanzibar"
    );

    // And on again, with what there was.
    let switched = assay.remote_command(["module", "enable", "zanzibar"]).run();
    switched.expect_code(0);
    assert_eq!(
        super::check(&assay, "group:staff#member@user:ada").await,
        "HAS"
    );
}
