//! Clients that register themselves (RFC 7591, RFC 7592).

use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, CALLBACK, device::Device};
use crate::harness::{Registration, RelyingParty, Reply, TestDb, Visitor};

both_databases!(
    a_client_registers_and_signs_somebody_in,
    a_public_client_registers_without_a_secret,
    a_client_registers_from_a_browser,
    nobody_registers_without_the_right_token,
    a_token_counts_as_often_as_it_says,
    strangers_register_where_they_may,
    what_a_client_says_of_itself_is_checked,
    a_client_manages_itself_and_nobody_else,
    what_registered_is_left_alone_by_manifests,
    a_manifest_can_take_a_client_over,
    people_are_told_that_nobody_has_checked_an_app,
    a_registration_expires,
    a_device_has_no_sector_by_its_own_word,
);

const REGISTER: &str = "/auth/oauth2/register";
const TOKENS: &str = "/auth/admin/auth/registration-tokens";

/// A server whose settings of registration are these.
async fn bench(db: TestDb, settings: &str) -> Bench {
    let module = format!(
        "apiVersion: assay/v1
kind: Module
metadata: {{ name: oidc_provider }}
spec:
  settings:
    clientRegistration: {{ {settings} }}
"
    );
    Bench::with_more(db, &module).await
}

impl Bench {
    async fn initial_access(&self, more: &Value) -> Value {
        let mut body = json!({ "name": "partners", "expiresIn": 3600 });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = self.assay.admin(Method::POST, TOKENS).json(&body);
        Reply::to(request).await.expect_status(201).json()
    }

    async fn register(&self, token: Option<&str>, metadata: &Value) -> Reply {
        let mut request = self.assay.request(Method::POST, REGISTER).json(metadata);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Reply::to(request).await
    }

    /// Registers with a token of its own.
    async fn registered(&self, metadata: &Value) -> Value {
        let access = self.initial_access(&json!({})).await;
        let reply = self.register(access["token"].as_str(), metadata).await;
        let reply = reply.expect_status(201);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        reply.json()
    }

    async fn party(&self, client: &Value) -> RelyingParty {
        let text = |name: &str| client[name].as_str();
        let id = text("client_id").unwrap();
        let registration = match text("client_secret") {
            Some(secret) => Registration::confidential(id, secret, CALLBACK),
            None => Registration::public(id, CALLBACK),
        };
        self.assay.relying_party(registration).await
    }

    async fn manage(&self, method: Method, client: &Value, body: Option<&Value>) -> Reply {
        let path = format!("{REGISTER}/{}", client["client_id"].as_str().unwrap());
        assert_eq!(
            client["registration_client_uri"].as_str().unwrap(),
            self.assay.url(&path).as_str()
        );
        let token = client["registration_access_token"].as_str().unwrap();
        let mut request = self.assay.request(method, &path).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        Reply::to(request).await
    }

    fn owner_of(&self, client: &Value) -> Option<String> {
        let id = client["client_id"].as_str().unwrap();
        let exported = self.assay.cli(["export", "--all"]).expect_code(0).stdout;
        exported.contains(id).then(|| id.to_owned())
    }
}

fn app() -> Value {
    json!({ "client_name": "Partner", "redirect_uris": [CALLBACK] })
}

async fn a_client_registers_and_signs_somebody_in(db: TestDb) {
    let bench = bench(db, "scopes: [openid, email, profile]").await;
    let client = bench
        .registered(&json!({
            "client_name": "Partner & Söhne",
            "client_name#de": "ignored",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "contacts": ["ops@partner.example"],
            "default_max_age": 3600,
            "logo_uri": "https://partner.example/logo.png",
            "policy_uri": null,
            "favourite_colour": "green",
        }))
        .await;
    for (name, value) in [
        ("client_name", json!("Partner & Söhne")),
        ("redirect_uris", json!([CALLBACK])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("response_types", json!(["code"])),
        ("scope", json!("email openid profile")),
        ("default_max_age", json!(3600)),
        ("application_type", json!("web")),
        ("client_secret_expires_at", json!(0)),
    ] {
        assert_eq!(client[name], value, "{client:#}");
    }
    assert!(client.get("favourite_colour").is_none());
    assert!(client["client_id_issued_at"].as_i64().unwrap() > 1_700_000_000);

    let party = bench.party(&client).await;
    let (mut visitor, tokens) = bench.tokens(&party).await;
    assert!(
        party.provider["registration_endpoint"]
            .as_str()
            .unwrap()
            .ends_with(REGISTER)
    );
    // It was not the operator who vouched for it, so the person is asked.
    let page = visitor
        .open(&party.authorization().with("prompt", "consent").url())
        .await;
    assert!(page.page().reply.body.contains("Partner &#38; Söhne"));
    party
        .userinfo(&tokens.access_token)
        .await
        .expect_status(200);

    // Neither the log nor the history holds what is secret.
    let secret = client["client_secret"].as_str().unwrap();
    let token = client["registration_access_token"].as_str().unwrap();
    let exported = bench.assay.cli(["export", "--all"]).expect_code(0).stdout;
    assert!(exported.contains(client["client_id"].as_str().unwrap()));
    for text in [&bench.assay.logs(), &exported] {
        assert!(!text.contains(secret) && !text.contains(token));
    }
}

async fn a_public_client_registers_without_a_secret(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let mut metadata = app();
    metadata["token_endpoint_auth_method"] = json!("none");
    let client = bench.registered(&metadata).await;
    assert!(client.get("client_secret").is_none(), "{client:#}");
    let party = bench.party(&client).await;
    // PKCE is not its choice.
    let bare = party
        .authorization()
        .without("code_challenge")
        .without("code_challenge_method");
    let callback = bench.assay.visitor().open(&bare.url()).await.left();
    assert_eq!(party.error_in(&callback, &bare), "invalid_request");
    let (_, tokens) = bench.tokens(&party).await;
    // It runs where it is sent back to.
    let preflight = bench
        .assay
        .request(Method::OPTIONS, "/auth/token")
        .header("origin", "https://wiki.example.com")
        .header("access-control-request-method", "POST");
    let preflight = Reply::to(preflight).await;
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        Some("https://wiki.example.com")
    );
    assert!(!tokens.access_token.is_empty());
}

/// As agents that run in a page do.
async fn a_client_registers_from_a_browser(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let client = bench.registered(&app()).await;
    let own = client["registration_client_uri"].as_str().unwrap();
    let own = own.split_once("/auth/").unwrap().1;
    for (path, method) in [(REGISTER, "POST"), (&format!("/auth/{own}"), "PUT")] {
        let preflight = bench
            .assay
            .request(Method::OPTIONS, path)
            .header("origin", "https://app.example.com")
            .header("access-control-request-method", method);
        let preflight = Reply::to(preflight).await.expect_status(204);
        let said = |name| preflight.header(name).unwrap().to_owned();
        assert_eq!(said("access-control-allow-origin"), "*");
        assert!(said("access-control-allow-methods").contains(method));
        assert!(said("access-control-allow-headers").contains("authorization"));
        // Never with cookies.
        let credentials = preflight.header("access-control-allow-credentials");
        assert_eq!(credentials, None);
    }
    let refused = bench.register(None, &app()).await.expect_status(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
}

async fn nobody_registers_without_the_right_token(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let access = bench.initial_access(&json!({})).await;
    let token = access["token"].as_str().unwrap();
    assert!(token.starts_with("assay_iat_"), "{token}");
    for wrong in [None, Some("assay_iat_x"), Some("sk_admin_replace_me")] {
        let reply = bench.register(wrong, &app()).await.expect_status(401);
        assert!(
            reply
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
        reply.expect_error("invalid_token");
    }
    // One header, one token.
    let twice = bench
        .assay
        .request(Method::POST, REGISTER)
        .bearer_auth(token)
        .header("authorization", "Bearer x")
        .json(&app());
    Reply::to(twice).await.expect_status(401);
    bench.register(Some(token), &app()).await.expect_status(201);

    // It is listed without being shown, and taken out of use.
    let listed = Reply::to(bench.assay.admin(Method::GET, TOKENS))
        .await
        .expect_status(200);
    assert!(!listed.body.contains(token));
    assert_eq!(listed.json()["tokens"][0]["name"], "partners");
    let one = format!("{TOKENS}/{}", access["id"].as_str().unwrap());
    Reply::to(bench.assay.admin(Method::DELETE, &one))
        .await
        .expect_status(204);
    Reply::to(bench.assay.admin(Method::DELETE, &one))
        .await
        .expect_status(404);
    bench.register(Some(token), &app()).await.expect_status(401);

    let access = bench.initial_access(&json!({})).await;
    let data = bench.assay.folder().join("data");
    let past = "UPDATE oidc_initial_access_tokens SET expires_at = 1";
    assert_eq!(bench.assay.db().alter(&data, past).await, 1);
    bench
        .register(access["token"].as_str(), &app())
        .await
        .expect_status(401);

    for wrong in [
        json!({ "name": "", "expiresIn": 60 }),
        json!({ "name": "x", "expiresIn": 0 }),
        json!({ "name": "x", "expiresIn": 60, "uses": 0 }),
        json!({ "name": "x", "expiresIn": 60, "use": 1 }),
    ] {
        let request = bench.assay.admin(Method::POST, TOKENS).json(&wrong);
        Reply::to(request).await.expect_status(400);
    }
}

async fn a_token_counts_as_often_as_it_says(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let access = bench.initial_access(&json!({ "uses": 2 })).await;
    let token = access["token"].as_str();
    // What is wrong uses nothing up.
    bench.register(token, &json!({})).await.expect_status(400);
    let metadata = app();
    let replies =
        futures_util::future::join_all((0..8).map(|_| bench.register(token, &metadata))).await;
    let count = |status: u16| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    assert_eq!((count(201), count(401)), (2, 6), "{replies:#?}");
}

async fn strangers_register_where_they_may(db: TestDb) {
    let bench = bench(db, "open: true, openPerHour: 3").await;
    for _ in 0..3 {
        bench.register(None, &app()).await.expect_status(201);
    }
    let reply = bench.register(None, &app()).await.expect_status(429);
    assert!(reply.header("retry-after").is_some());
    // Whoever is invited is no stranger, and a wrong invitation is none.
    bench.registered(&app()).await;
    bench
        .register(Some("assay_iat_x"), &app())
        .await
        .expect_status(401);
}

async fn what_a_client_says_of_itself_is_checked(db: TestDb) {
    let bench = bench(db, "redirectHosts: ['*.example.com'], scopes: [openid]").await;
    let access = bench.initial_access(&json!({})).await;
    let token = access["token"].as_str();
    let redirect = "invalid_redirect_uri";
    let other = "invalid_client_metadata";
    for (change, error, told) in [
        (json!({ "redirect_uris": [] }), redirect, "redirect_uris"),
        (
            json!({ "redirect_uris": "https://a.example.com/" }),
            redirect,
            "redirect_uris",
        ),
        (
            json!({ "redirect_uris": ["https://evil.example/cb"] }),
            redirect,
            "not open",
        ),
        (
            json!({ "redirect_uris": ["http://wiki.example.com/cb"] }),
            redirect,
            "not encrypted",
        ),
        (
            json!({ "redirect_uris": ["https://wiki.example.com/*"] }),
            redirect,
            "redirect_uris",
        ),
        (
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            redirect,
            "redirect_uris",
        ),
        (
            json!({ "redirect_uris": ["com.example.app:/cb"], "application_type": "native" }),
            redirect,
            "not open",
        ),
        (
            json!({ "grant_types": ["client_credentials"] }),
            other,
            "client_credentials",
        ),
        (json!({ "grant_types": ["password"] }), other, "grant_types"),
        (
            json!({ "response_types": ["code id_token"] }),
            other,
            "response_types",
        ),
        (
            json!({ "token_endpoint_auth_method": "magic" }),
            other,
            "token_endpoint_auth_method",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            other,
            "public keys",
        ),
        (
            json!({ "id_token_signed_response_alg": "none" }),
            other,
            "id_token_signed_response_alg",
        ),
        (
            json!({ "id_token_encrypted_response_alg": "RSA-OAEP" }),
            other,
            "id_token_encrypted",
        ),
        (json!({ "scope": "admin root" }), other, "scope"),
        (
            json!({ "default_max_age": "soon" }),
            other,
            "default_max_age",
        ),
        (
            json!({ "logo_uri": "javascript:alert(1)" }),
            other,
            "logo_uri",
        ),
        (
            json!({ "client_name": "x".repeat(300) }),
            other,
            "client_name",
        ),
        (
            json!({ "jwks_uri": "http://169.254.169.254/keys" }),
            other,
            "jwks_uri",
        ),
        (
            json!({ "sector_identifier_uri": "https://127.0.0.1/list.json" }),
            other,
            "private address",
        ),
    ] {
        let mut metadata = app();
        for (name, value) in change.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let reply = bench.register(token, &metadata).await.expect_status(400);
        let description = reply.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(description.contains(told), "{change}: {description}");
        reply.expect_error(error);
    }
    // What it may not have is left out (RFC 7591 2).
    let mut metadata = app();
    metadata["scope"] = json!("openid admin");
    let client = bench.registered(&metadata).await;
    assert_eq!(client["scope"], "openid");

    let raw = |content_type: &'static str, body: String| {
        let request = bench.assay.request(Method::POST, REGISTER);
        let request = request.bearer_auth(token.unwrap());
        Reply::to(request.header("content-type", content_type).body(body))
    };
    let twice = r#"{"redirect_uris":["https://wiki.example.com/a"],"redirect_uris":["https://wiki.example.com/b"]}"#;
    raw("application/json", twice.to_owned())
        .await
        .expect_status(400)
        .expect_error(other);
    raw("application/json", "[]".to_owned())
        .await
        .expect_status(400);
    raw("text/plain", app().to_string())
        .await
        .expect_status(415);
    let long = json!({ "client_name": "x".repeat(70_000) }).to_string();
    raw("application/json", long).await.expect_status(413);
}

async fn a_client_manages_itself_and_nobody_else(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let client = bench.registered(&app()).await;
    let other = bench.registered(&app()).await;

    let read = bench
        .manage(Method::GET, &client, None)
        .await
        .expect_status(200)
        .json();
    assert_eq!(read["client_name"], "Partner");
    assert_eq!(read["client_id"], client["client_id"]);
    assert_eq!(read["client_id_issued_at"], client["client_id_issued_at"]);
    assert!(read.get("client_secret").is_none(), "{read:#}");
    let mut foreign = client.clone();
    foreign["registration_access_token"] = other["registration_access_token"].clone();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = (method == Method::PUT).then(app);
        bench
            .manage(method, &foreign, body.as_ref())
            .await
            .expect_status(401);
    }

    // The secret stays while the way of authenticating does.
    let party = bench.party(&client).await;
    let (_, tokens) = bench.tokens(&party).await;
    let mut changed = app();
    changed["client_id"] = client["client_id"].clone();
    changed["client_secret"] = client["client_secret"].clone();
    changed["client_name"] = json!("Partner 2");
    let reply = bench
        .manage(Method::PUT, &client, Some(&changed))
        .await
        .expect_status(200)
        .json();
    assert_eq!(reply["client_name"], "Partner 2");
    assert!(reply.get("client_secret").is_none(), "{reply:#}");
    bench.tokens(&party).await;
    for (name, value) in [
        ("client_id", json!("wiki")),
        ("client_secret", json!("guessed")),
        (
            "registration_access_token",
            client["registration_access_token"].clone(),
        ),
        ("client_id_issued_at", json!(1)),
    ] {
        let mut wrong = changed.clone();
        wrong[name] = value;
        let reply = bench
            .manage(Method::PUT, &client, Some(&wrong))
            .await
            .expect_status(400);
        reply.expect_error("invalid_client_metadata");
    }
    // Another way needs another secret, or none.
    changed["token_endpoint_auth_method"] = json!("none");
    let reply = bench
        .manage(Method::PUT, &client, Some(&changed))
        .await
        .expect_status(200)
        .json();
    assert_eq!(reply["token_endpoint_auth_method"], "none");
    party.client_credentials("openid").await.expect_status(401);
    changed.as_object_mut().unwrap().remove("client_secret");
    changed["token_endpoint_auth_method"] = json!("client_secret_post");
    let reply = bench
        .manage(Method::PUT, &client, Some(&changed))
        .await
        .expect_status(200)
        .json();
    assert_ne!(reply["client_secret"], client["client_secret"]);
    assert!(reply["client_secret"].as_str().unwrap().len() > 40);

    // What it held goes with it.
    party
        .userinfo(&tokens.access_token)
        .await
        .expect_status(200);
    bench
        .manage(Method::DELETE, &client, None)
        .await
        .expect_status(204);
    party
        .userinfo(&tokens.access_token)
        .await
        .expect_status(401);
    bench
        .manage(Method::GET, &client, None)
        .await
        .expect_status(401);
    assert_eq!(bench.owner_of(&client), None);
    assert!(bench.owner_of(&other).is_some());
}

async fn what_registered_is_left_alone_by_manifests(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let path = bench.manifests.path().to_str().unwrap().to_owned();
    let assay = |arguments: &[&str]| {
        let command = bench.assay.remote_command(arguments.iter().copied());
        command.env("WIKI_SECRET", super::SECRET).run()
    };
    let before = bench.assay.get("/healthz").await;
    let generation = before.header("assay-generation").unwrap().to_owned();
    bench.change("displayName: Wiki", "displayName: Wiki 2");
    let plan = bench.assay.folder().join("registered.plan");
    let plan = plan.to_str().unwrap();
    bench.manifests.write("clients.yaml", super::CLIENTS);
    assay(&["diff", "-f", &path, "--out", plan]).expect_code(1);

    let client = bench.registered(&app()).await;
    // A registration is no reason to plan again.
    assay(&["apply", plan]).expect_code(0);
    let party = bench.party(&client).await;
    bench.tokens(&party).await;
    assay(&["apply", "-f", &path, "--prune"]).expect_code(0);
    assay(&["rollback", &generation]).expect_code(0);
    bench.tokens(&party).await;
    bench
        .manage(Method::GET, &client, None)
        .await
        .expect_status(200);
    // Nor does a rollback bring back what has gone.
    let here = bench.assay.get("/healthz").await;
    let generation = here.header("assay-generation").unwrap().to_owned();
    bench
        .manage(Method::DELETE, &client, None)
        .await
        .expect_status(204);
    bench.change("displayName: Wiki", "displayName: Wiki 3");
    assay(&["rollback", &generation]).expect_code(0);
    assert_eq!(bench.owner_of(&client), None);
}

fn manifest_of(id: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {id} }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [{CALLBACK}]
"
    )
}

async fn a_manifest_can_take_a_client_over(db: TestDb) {
    let bench = bench(db, "open: false").await;
    let client = bench.registered(&app()).await;
    let id = client["client_id"].as_str().unwrap();
    bench.manifests.write("taken.yaml", &manifest_of(id));
    let path = bench.manifests.path().to_str().unwrap();
    let apply = |more: &[&str]| {
        let arguments = ["apply", "-f", path]
            .into_iter()
            .chain(more.iter().copied());
        let command = bench.assay.remote_command(arguments);
        command.env("WIKI_SECRET", super::SECRET).run()
    };
    let refused = apply(&[]);
    assert!(
        refused.stderr.contains("registration"),
        "{}",
        refused.stderr
    );
    apply(&["--take-over"]).expect_code(0);
    for method in [Method::GET, Method::DELETE] {
        let reply = bench.manage(method, &client, None).await.expect_status(403);
        assert!(reply.body.contains("set:default"), "{reply:#?}");
    }
}

async fn people_are_told_that_nobody_has_checked_an_app(db: TestDb) {
    const NOTICE: &str = "This app registered itself; nobody here has checked it.";
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let grants = format!("grantTypes: [authorization_code, '{DEVICE}']");
    let bench = bench(db, &grants).await;
    let mut visitor = bench.assay.visitor();
    let wiki = bench.wiki().await;
    let page = visitor.open(&wiki.authorization().url()).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    page.form_with_button("decision");
    assert!(!page.reply.body.contains(NOTICE), "{page:#?}");

    let mut app = app();
    app["grant_types"] = json!(["authorization_code", DEVICE]);
    let client = bench.registered(&app).await;
    let party = bench.party(&client).await;
    let question = async |visitor: &mut Visitor| {
        let request = party.authorization().with("scope", "openid");
        let page = visitor.open(&request.url()).await.page();
        page.form_with_button("decision");
        page.reply.body
    };
    let body = question(&mut visitor).await;
    assert!(body.contains(NOTICE), "{body}");
    let host = CALLBACK.split('/').nth(2).unwrap();
    let sent_to = format!("you will be sent to <strong><bdi>{host}</bdi></strong>");
    assert!(body.contains(&sent_to), "{body}");

    let reply = party.post("device_authorization_endpoint", &[("scope", "openid")]);
    let device = Device::in_answer(&reply.await.expect_status(200).json());
    let page = bench.type_code(&mut visitor, &device).await;
    page.form_with_button("decision");
    assert!(page.reply.body.contains(NOTICE), "{page:#?}");

    // Whoever writes its manifest vouches for it.
    let id = client["client_id"].as_str().unwrap();
    bench.manifests.write("taken.yaml", &manifest_of(id));
    let path = bench.manifests.path().to_str().unwrap();
    let apply = ["apply", "--take-over", "-f", path];
    let apply = bench.assay.remote_command(apply);
    apply.env("WIKI_SECRET", super::SECRET).run().expect_code(0);
    let body = question(&mut visitor).await;
    assert!(
        !body.contains(NOTICE) && !body.contains("sent to"),
        "{body}"
    );
}

async fn a_registration_expires(db: TestDb) {
    let mut bench = bench(db, "clientTtl: 1h").await;
    let client = bench.registered(&app()).await;
    let end = client["client_secret_expires_at"].as_i64().unwrap();
    let issued = client["client_id_issued_at"].as_i64().unwrap();
    assert_eq!(end - issued, 3600);
    let party = bench.party(&client).await;
    let (_, tokens) = bench.tokens(&party).await;

    let data = bench.assay.folder().join("data");
    let past = "UPDATE oidc_registrations SET expires_at = 1";
    assert_eq!(bench.assay.db().alter(&data, past).await, 1);
    bench
        .manage(Method::GET, &client, None)
        .await
        .expect_status(401);
    bench.assay.restart().await;
    // The first look is at the start.
    for attempt in 0.. {
        if party.userinfo(&tokens.access_token).await.status == 401 {
            break;
        }
        assert!(attempt < 300, "it is still there");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(bench.owner_of(&client), None);
}

async fn a_device_has_no_sector_by_its_own_word(db: TestDb) {
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let settings = format!("grantTypes: [authorization_code, \"{device}\"]");
    let bench = bench(db, &settings).await;
    let access = bench.initial_access(&json!({})).await;
    let mut metadata = app();
    metadata["subject_type"] = json!("pairwise");
    bench.registered(&metadata).await;
    // Whoever polls for tokens does not come back to the address that it says is its own.
    metadata["grant_types"] = json!(["authorization_code", device]);
    let refused = bench.register(access["token"].as_str(), &metadata).await;
    refused
        .expect_status(400)
        .expect_error("invalid_client_metadata");
    metadata["subject_type"] = json!("public");
    bench.registered(&metadata).await;
}
