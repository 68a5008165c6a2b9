//! Resource indicators (RFC 8707): whom an access token is for.

use reqwest::Url;
use serde_json::{Value, json};

use super::{
    Bench,
    device::{self, Device},
};
use crate::harness::{
    Authorization, Command, Manifests, Page, RelyingParty, TestDb, Tokens, claims_of,
};

both_databases!(
    a_token_is_for_the_resources_asked_for,
    a_token_for_others_is_none_for_us,
    what_the_manifest_does_not_name_is_refused,
    a_resource_that_was_taken_away_is_not_given,
    every_grant_knows_resources,
    a_resource_server_learns_of_its_tokens,
    people_are_told_where_a_token_is_good_and_asked_anew,
);

const STOCK: &str = "https://stock.example.com";
const PRINT: &str = "https://print.example.com/v2?tenant=1";

const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: desk }
spec:
  displayName: Desk
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials, "urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid, email, stock.read]
  consent: implicit
  resources: [https://stock.example.com, "https://print.example.com/v2?tenant=1", "ISSUER"]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: locker }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, client_credentials, "urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, stock.read]
  consent: implicit
  accessTokenFormat: opaque
  resources: [https://stock.example.com]
  tokenExchange:
    subjects: [desk]
    audiences: [https://stock.example.com, "https://print.example.com/v2?tenant=1", shelves]
    impersonation: true
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: stock-server }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: []
  servesResources: [https://stock.example.com]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: shelves }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: [client_credentials]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: till }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, "urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid]
  resources: ["https://print.example.com/v2?tenant=1", https://stock.example.com, "ISSUER"]
"#;

async fn start(db: TestDb) -> Bench {
    let bench = Bench::with_more(db, "").await;
    let clients = CLIENTS.replace("ISSUER", &bench.assay.issuer());
    bench.apply_more(&clients);
    bench
}

async fn desk(bench: &Bench) -> RelyingParty {
    bench.client("desk", "openid email stock.read").await
}

/// Where the browser is sent with a request for these resources.
fn asking(authorization: &Authorization, resources: &[&str]) -> Url {
    let mut url = authorization.url();
    for resource in resources {
        url.query_pairs_mut().append_pair("resource", resource);
    }
    url
}

/// What is asked of the token endpoint for a code, naming these resources.
async fn redeemed(
    bench: &Bench,
    client: &RelyingParty,
    asked: &[&str],
    at_the_token_endpoint: &[&str],
) -> Tokens {
    let authorization = client.authorization();
    let url = asking(&authorization, asked);
    let callback = bench.assay.visitor().sign_in(&url, &bench.ada).await;
    let code = client.code_in(&callback, &authorization);
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*client.registration.redirect_uri),
        ("code_verifier", &*authorization.code_verifier),
    ];
    form.extend(at_the_token_endpoint.iter().map(|one| ("resource", *one)));
    client.token(&form).await.tokens()
}

async fn refreshed(client: &RelyingParty, refresh_token: &str, resources: &[&str]) -> Tokens {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    form.extend(resources.iter().map(|one| ("resource", *one)));
    client.token(&form).await.tokens()
}

fn aud(token: &str) -> Value {
    claims_of(token)["aud"].clone()
}

async fn introspect(client: &RelyingParty, token: &str) -> Value {
    let reply = client
        .post("introspection_endpoint", &[("token", token)])
        .await;
    reply.expect_status(200).json()
}

async fn a_token_is_for_the_resources_asked_for(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let issuer = json!(bench.assay.issuer());
    let both = json!([PRINT, STOCK]);

    let tokens = redeemed(&bench, &desk, &[], &[]).await;
    assert_eq!(aud(&tokens.access_token), issuer);
    let tokens = redeemed(&bench, &desk, &[STOCK], &[]).await;
    assert_eq!(aud(&tokens.access_token), STOCK);
    // The same twice is once.
    let tokens = redeemed(&bench, &desk, &[STOCK, PRINT, STOCK], &[]).await;
    assert_eq!(aud(&tokens.access_token), both);
    assert_eq!(introspect(&desk, &tokens.access_token).await["aud"], both);
    // The ID token is for the client, whomever else the rest is for.
    desk.id_token_claims(&tokens.id_token.unwrap()).await;

    // One token at a time, and each time any of what was granted.
    let tokens = redeemed(&bench, &desk, &[STOCK, PRINT], &[PRINT]).await;
    assert_eq!(aud(&tokens.access_token), PRINT);
    let tokens = refreshed(&desk, &tokens.refresh_token.unwrap(), &[STOCK]).await;
    assert_eq!(aud(&tokens.access_token), STOCK);
    let tokens = refreshed(&desk, &tokens.refresh_token.unwrap(), &[]).await;
    assert_eq!(aud(&tokens.access_token), both);

    // Pushed.
    let authorization = desk.authorization();
    let mut parameters = authorization.parameters();
    parameters.extend([("resource", STOCK), ("resource", PRINT)]);
    let pushed = desk
        .post("pushed_authorization_request_endpoint", &parameters)
        .await;
    let request_uri = pushed.expect_status(201).json()["request_uri"].clone();
    let url = authorization.url_of(request_uri.as_str().unwrap());
    let callback = bench.assay.visitor().sign_in(&url, &bench.ada).await;
    let code = desk.code_in(&callback, &authorization);
    let tokens = desk.redeem(&code, &authorization).await.tokens();
    assert_eq!(aud(&tokens.access_token), both);
}

async fn a_token_for_others_is_none_for_us(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let issuer = bench.assay.issuer();
    let tokens = redeemed(&bench, &desk, &[STOCK, &issuer], &[STOCK]).await;
    let refused = desk.userinfo(&tokens.access_token).await.expect_status(401);
    refused.expect_error("invalid_token");
    for resources in [&[&*issuer][..], &[STOCK, &*issuer]] {
        let tokens = redeemed(&bench, &desk, &[STOCK, &issuer], resources).await;
        desk.userinfo(&tokens.access_token).await.expect_status(200);
    }
}

async fn what_the_manifest_does_not_name_is_refused(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let issuer = bench.assay.issuer();
    let fragment = format!("{STOCK}#top");
    for resource in [
        "https://elsewhere.example",
        "https://stock.example.com/",
        "HTTPS://stock.example.com",
        "stock",
        "/stock",
        &*fragment,
    ] {
        let authorization = desk.authorization();
        let url = asking(&authorization, &[STOCK, resource]);
        let callback = bench.assay.visitor().open(&url).await.left();
        let error = desk.error_in(&callback, &authorization);
        assert_eq!(error, "invalid_target", "{resource}");
        let mut pushed = authorization.parameters();
        pushed.push(("resource", resource));
        let own = [("grant_type", "client_credentials"), ("resource", resource)];
        let device = [("scope", "openid"), ("resource", resource)];
        for (endpoint, form) in [
            ("pushed_authorization_request_endpoint", &pushed[..]),
            ("device_authorization_endpoint", &device),
            ("token_endpoint", &own),
        ] {
            let reply = desk.post(endpoint, form).await;
            assert_eq!(reply.json()["error"], "invalid_target", "{resource}");
        }
    }

    // Nothing is added later, and the refresh token is still good.
    let tokens = redeemed(&bench, &desk, &[STOCK], &[]).await;
    let refresh_token = tokens.refresh_token.unwrap();
    for resource in [PRINT, &issuer, "stock", "https://elsewhere.example"] {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*refresh_token),
            ("resource", STOCK),
            ("resource", resource),
        ];
        let reply = desk.token(&form).await;
        reply.expect_status(400).expect_error("invalid_target");
    }
    refreshed(&desk, &refresh_token, &[STOCK]).await;
    // Whoever asked for nobody in particular gets nothing for others.
    let tokens = redeemed(&bench, &desk, &[], &[]).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh_token.unwrap()),
        ("resource", STOCK),
    ];
    desk.token(&form).await.expect_error("invalid_target");
    // No other parameter may come twice.
    let twice = [
        ("grant_type", "client_credentials"),
        ("scope", "stock.read"),
        ("scope", "stock.read"),
    ];
    desk.token(&twice).await.expect_error("invalid_request");

    for (from, to, says) in [
        (
            "resources: [https://stock.example.com]\n  tokenExchange",
            "resources: [stock]\n  tokenExchange",
            "`stock` is not an absolute URI",
        ),
        (
            "servesResources: [https://stock.example.com]",
            "servesResources: ['https://stock.example.com#a']",
            "is not an absolute URI without a fragment",
        ),
        (
            "  grantTypes: []\n",
            "  clientType: public\n  grantTypes: []\n",
            "a public client cannot introspect tokens",
        ),
        (
            "  servesResources: [https://stock.example.com]\n",
            "",
            "a client without a grant can do nothing",
        ),
    ] {
        let broken = CLIENTS.replacen(from, to, 1).replace("ISSUER", &issuer);
        let manifests = Manifests::new().file("clients.yaml", &broken);
        let path = manifests.path().to_str().unwrap();
        let validate = Command::offline(["validate", "-f", path]);
        let output = validate.env("WIKI_SECRET", super::SECRET).run();
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains(says), "{says}: {output:?}");
    }
}

async fn a_resource_that_was_taken_away_is_not_given(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let both = redeemed(&bench, &desk, &[STOCK, PRINT], &[]).await;
    let one = redeemed(&bench, &desk, &[STOCK], &[]).await;
    let issuer = bench.assay.issuer();
    let changed = CLIENTS.replacen("[https://stock.example.com, ", "[", 1);
    assert_ne!(changed, CLIENTS);
    bench.apply_more(&changed.replace("ISSUER", &issuer));
    let tokens = refreshed(&desk, &both.refresh_token.unwrap(), &[]).await;
    assert_eq!(aud(&tokens.access_token), PRINT);
    // Not for us instead.
    let refused = desk.refresh(&one.refresh_token.unwrap()).await;
    refused.expect_error("invalid_target");
}

async fn every_grant_knows_resources(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let both = json!([PRINT, STOCK]);
    // The client itself.
    let own = [
        ("grant_type", "client_credentials"),
        ("scope", "stock.read"),
        ("resource", STOCK),
        ("resource", PRINT),
    ];
    let tokens = desk.token(&own).await.tokens();
    assert_eq!(aud(&tokens.access_token), both);

    // A device.
    let form = [
        ("scope", "openid stock.read"),
        ("resource", PRINT),
        ("resource", STOCK),
    ];
    let reply = desk.post("device_authorization_endpoint", &form).await;
    let device = Device::in_answer(&reply.expect_status(200).json());
    let mut visitor = bench.assay.visitor();
    bench.answer(&mut visitor, &device, "allow").await;
    let poll = [
        ("grant_type", device::GRANT),
        ("device_code", &*device.code),
        ("resource", STOCK),
    ];
    let mut wrong = poll;
    wrong[2].1 = "https://elsewhere.example";
    desk.token(&wrong).await.expect_error("invalid_target");
    let tokens = desk.token(&poll).await.tokens();
    assert_eq!(aud(&tokens.access_token), STOCK);

    // An exchange.
    let locker = bench.client("locker", "openid stock.read").await;
    let shown = redeemed(&bench, &desk, &[STOCK], &[]).await.access_token;
    let exchange = async |targets: &[(&str, &str)]| {
        let mut form = vec![
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", &*shown),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
        ];
        form.extend(targets);
        locker.token(&form).await
    };
    let given = exchange(&[
        ("resource", STOCK),
        ("resource", PRINT),
        ("audience", "shelves"),
    ])
    .await;
    let given = given.tokens().access_token;
    let known = introspect(&locker, &given).await;
    assert_eq!(known["aud"], json!([PRINT, STOCK, "shelves"]), "{known:#}");
    for targets in [
        &[
            ("resource", STOCK),
            ("resource", "https://elsewhere.example"),
        ][..],
        &[("resource", "shelves")],
        &[
            ("audience", STOCK),
            ("resource", "https://elsewhere.example"),
        ],
        &[],
    ] {
        exchange(targets).await.expect_error("invalid_target");
    }
}

async fn a_resource_server_learns_of_its_tokens(db: TestDb) {
    let bench = start(db).await;
    let desk = desk(&bench).await;
    let locker = bench.client("locker", "openid stock.read").await;
    let stock = bench.client("stock-server", "").await;
    let shelves = bench.client("shelves", "").await;
    assert_eq!(stock.provider["protected_resources"], json!([STOCK]));
    let nothing = json!({ "active": false });

    let signed = redeemed(&bench, &desk, &[STOCK, PRINT], &[])
        .await
        .access_token;
    let opaque = redeemed(&bench, &locker, &[STOCK], &[]).await.access_token;
    let own = [("grant_type", "client_credentials"), ("resource", STOCK)];
    let own = locker.token(&own).await.tokens().access_token;
    for (token, client) in [(&signed, "desk"), (&opaque, "locker"), (&own, "locker")] {
        let known = introspect(&stock, token).await;
        assert_eq!(known["active"], true, "{known:#}");
        assert_eq!(known["client_id"], client, "{known:#}");
        assert_eq!(introspect(&shelves, token).await, nothing);
    }
    // To know of a token is not to own it.
    stock
        .post("revocation_endpoint", &[("token", &opaque)])
        .await
        .expect_status(200);
    assert_eq!(introspect(&stock, &opaque).await["active"], true);

    let print = redeemed(&bench, &desk, &[PRINT], &[]).await.access_token;
    let ours = redeemed(&bench, &desk, &[], &[]).await;
    for token in [&print, &ours.access_token, &ours.refresh_token.unwrap()] {
        assert_eq!(introspect(&stock, token).await, nothing);
    }
    // A client that an exchange names as the audience sees what is for it.
    let exchanged = locker
        .token(&[
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", &ours.access_token),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("audience", "shelves"),
        ])
        .await
        .tokens()
        .access_token;
    assert_eq!(introspect(&shelves, &exchanged).await["active"], true);
    assert_eq!(introspect(&stock, &exchanged).await, nothing);
    // When its client is switched off, the resource server is told as well.
    let issuer = bench.assay.issuer();
    let changed = CLIENTS.replacen("displayName: Desk", "enabled: false", 1);
    bench.apply_more(&changed.replace("ISSUER", &issuer));
    for token in [&signed, &exchanged] {
        assert_eq!(introspect(&stock, token).await, nothing);
        assert_eq!(introspect(&shelves, token).await, nothing);
    }
    assert_eq!(introspect(&stock, &opaque).await["active"], true);
}

/// The resource servers that the page names.
fn named(page: &Page, issuer: &str) -> Vec<String> {
    let names = page.tags("bdi").into_iter().map(|tag| tag.text);
    names
        .filter(|name| [STOCK, PRINT, issuer].contains(&name.as_str()))
        .collect()
}

async fn people_are_told_where_a_token_is_good_and_asked_anew(db: TestDb) {
    let bench = start(db).await;
    let issuer = bench.assay.issuer();
    let till = bench.client("till", "openid").await;
    let mut visitor = bench.assay.visitor();
    let nobody = Vec::<String>::new();

    // Nobody is asked whether a token may be for this provider.
    let request = till.authorization();
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    assert_eq!(named(&page, &issuer), nobody);
    assert!(!page.reply.body.contains("valid at"), "{page:#?}");
    let allow = page.form_with_button("decision").press("decision", "allow");
    till.code_in(&visitor.submit(&allow).await.left(), &request);
    let request = till.authorization();
    let callback = visitor.open(&asking(&request, &[&issuer])).await.left();
    till.code_in(&callback, &request);

    let mut known = Vec::new();
    for resource in [STOCK, PRINT] {
        let silent = till.authorization().with("prompt", "none");
        let callback = visitor.open(&asking(&silent, &[resource])).await.left();
        assert_eq!(till.error_in(&callback, &silent), "consent_required");
        let request = till.authorization();
        let url = asking(&request, &[resource, &issuer]);
        let page = visitor.open(&url).await.page();
        assert_eq!(named(&page, &issuer), [resource]);
        assert!(page.reply.body.contains("This access is valid at:"));
        let allow = page.form_with_button("decision").press("decision", "allow");
        till.code_in(&visitor.submit(&allow).await.left(), &request);
        // It is remembered beside what was allowed before.
        known.push(resource);
        let request = till.authorization();
        let callback = visitor.open(&asking(&request, &known)).await.left();
        till.code_in(&callback, &request);
    }
    let said = bench.audit("oidc.consent").await;
    assert!(
        said.iter()
            .any(|event| event["detail"]["resource"] == STOCK),
        "{said:#?}"
    );
    let account = bench.assay.url("/auth/account");
    let page = visitor.open(&account).await.page();
    assert_eq!(named(&page, &issuer), [PRINT, STOCK]);

    // What a device was allowed counts, too.
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&account).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    let withdraw = page
        .forms()
        .into_iter()
        .find(|form| form.has_field("client"));
    visitor.submit(&withdraw.unwrap()).await;
    let form = [
        ("scope", "openid"),
        ("resource", PRINT),
        ("resource", &issuer),
    ];
    let reply = till.post("device_authorization_endpoint", &form).await;
    let device = Device::in_answer(&reply.expect_status(200).json());
    let page = bench.type_code(&mut visitor, &device).await;
    assert_eq!(named(&page, &issuer), [PRINT]);
    let allow = page.form_with_button("decision").press("decision", "allow");
    visitor.submit(&allow).await;
    let request = till.authorization();
    let callback = visitor.open(&asking(&request, &[PRINT])).await.left();
    till.code_in(&callback, &request);
    let request = till.authorization();
    let page = visitor.open(&asking(&request, &[STOCK])).await.page();
    assert_eq!(named(&page, &issuer), [STOCK]);
}
