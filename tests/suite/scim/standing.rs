use reqwest::Method;
use serde_json::{Value, json};

use super::people::{operate, operated};
use super::{USERS, ask, expect_refusal, person, send};
use crate::harness::{ADMIN_KEY, Assay, Reply, TestDb, User};

both_databases!(
    who_is_inactive_is_out,
    what_an_operator_has_closed_stays_closed,
    the_key_of_a_directory_does_not_become_an_administrators,
    a_password_is_taken_and_never_shown,
    an_old_version_is_not_changed,
);

/// Signs in at the page; panics unless that works.
async fn sign_in(assay: &Assay, user: &User) {
    let mut visitor = assay.visitor();
    let page = visitor.sign_in_here(&assay.url("/auth/login"), user).await;
    assert_eq!(page.url.path(), "/auth/account");
}

async fn who_is_inactive_is_out(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = assay.user("ada");
    let found = ask(&assay, Method::GET, USERS).await.json();
    let id = found["Resources"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{USERS}/{id}");
    sign_in(&assay, &ada).await;
    let sessions = format!("/auth/admin/auth/sessions?user={id}");
    let before = ask(&assay, Method::GET, &sessions)
        .await
        .expect_status(200)
        .json();
    assert_eq!(before["sessions"].as_array().unwrap().len(), 1);

    let mut body = found["Resources"][0].clone();
    body["active"] = "False".into();
    let gone = send(&assay, Method::PUT, &path, &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(gone["active"], false);
    let after = ask(&assay, Method::GET, &sessions)
        .await
        .expect_status(200)
        .json();
    assert_eq!(after["sessions"], json!([]));
    assert_eq!(operated(&assay, &id).await["state"], "disabled");

    body["active"] = true.into();
    let back = send(&assay, Method::PUT, &path, &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(back["active"], true);
}

async fn what_an_operator_has_closed_stays_closed(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({ "active": false })).await;
    let path = format!("{USERS}/{id}");
    let put = |active: bool| json!({ "userName": "ada@example.com", "active": active });
    let active = |reply: Reply| reply.expect_status(200).json()["active"].clone();

    // The directory's own is the directory's to open.
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(true)).await),
        true
    );
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(false)).await),
        false
    );
    // An operator closes what is closed already.
    operate(&assay, &id, &json!({ "state": "disabled" })).await;
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(true)).await),
        false
    );
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(false)).await),
        false
    );
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(true)).await),
        false
    );
    operate(&assay, &id, &json!({ "state": "active" })).await;
    assert_eq!(
        active(send(&assay, Method::PUT, &path, &put(true)).await),
        true
    );
}

async fn the_key_of_a_directory_does_not_become_an_administrators(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({})).await;
    let path = format!("{USERS}/{id}");
    operate(&assay, &id, &json!({ "isAdmin": true })).await;
    for change in [
        json!({ "userName": "ada@example.com", "password": "correct horse battery staple" }),
        json!({ "userName": "ada@example.com", "emails": [{ "value": "eve@example.com" }] }),
        json!({ "userName": "eve@example.com" }),
    ] {
        expect_refusal(&send(&assay, Method::PUT, &path, &change).await, 403, None);
    }
    let seen = operated(&assay, &id).await;
    assert_eq!(
        (&seen["email"], &seen["hasPassword"]),
        (&json!("ada@example.com"), &json!(false))
    );
    // Who leaves the company leaves here.
    let left = json!({ "userName": "ada@example.com", "title": "Countess", "active": false });
    send(&assay, Method::PUT, &path, &left)
        .await
        .expect_status(200);
}

async fn a_password_is_taken_and_never_shown(db: TestDb) {
    let assay = Assay::start(db).await;
    let password = "correct horse battery staple";
    let body = json!({ "userName": "ada@example.com", "password": password });
    let made = send(&assay, Method::POST, USERS, &body)
        .await
        .expect_status(201);
    assert!(!made.body.contains("password"), "{}", made.body);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ada = User {
        email: "ada@example.com".into(),
        password: password.into(),
    };
    sign_in(&assay, &ada).await;

    // Left out, it stays; another one ends what the old one began.
    let path = format!("{USERS}/{id}");
    send(
        &assay,
        Method::PUT,
        &path,
        &json!({ "userName": "ada@example.com" }),
    )
    .await
    .expect_status(200);
    sign_in(&assay, &ada).await;
    let body = json!({ "userName": "ada@example.com", "password": "another horse battery staple" });
    let changed = send(&assay, Method::PUT, &path, &body)
        .await
        .expect_status(200);
    assert!(!changed.body.contains("password"), "{}", changed.body);
    let sessions = ask(
        &assay,
        Method::GET,
        &format!("/auth/admin/auth/sessions?user={id}"),
    )
    .await;
    assert_eq!(sessions.expect_status(200).json()["sessions"], json!([]));
    let audit = ask(&assay, Method::GET, "/auth/admin/auth/audit").await;
    assert!(!audit.body.contains("horse"));
    let guess = super::query(USERS, &[("filter", r#"password sw "another""#)]);
    expect_refusal(
        &ask(&assay, Method::GET, &guess).await,
        400,
        Some("invalidFilter"),
    );
}

async fn an_old_version_is_not_changed(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({})).await;
    let path = format!("{USERS}/{id}");
    let read = ask(&assay, Method::GET, &path).await;
    let old = read.header("etag").unwrap().to_owned();
    let with = |method: Method, tags: &str, body: &Value| {
        let request = assay.request(method, &path).bearer_auth(ADMIN_KEY);
        Reply::to(request.header("if-match", tags).json(body))
    };
    let change = json!({ "userName": "ada@example.com", "title": "Countess" });
    let changed = with(Method::PUT, &old, &change).await.expect_status(200);
    let new = changed.header("etag").unwrap().to_owned();
    assert_ne!(old, new);
    let other = json!({ "userName": "ada@example.com", "title": "Baroness" });
    for tags in [old.as_str(), "W/\"1\", W/\"2\"", "nonsense"] {
        expect_refusal(&with(Method::PUT, tags, &other).await, 412, None);
        expect_refusal(&with(Method::DELETE, tags, &json!({})).await, 412, None);
    }
    assert_eq!(
        ask(&assay, Method::GET, &path).await.json()["title"],
        "Countess"
    );
    let either = format!("{old}, {new}");
    with(Method::PUT, &either, &other).await.expect_status(200);
    with(Method::DELETE, "*", &json!({}))
        .await
        .expect_status(204);
}
