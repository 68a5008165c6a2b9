//! `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693).

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{Bench, SECRET};
use crate::harness::{Assay, Command, Manifests, RelyingParty, Reply, TestDb, claims_of};

both_databases!(
    a_service_acts_for_a_person_and_says_so,
    a_chain_of_actors_is_kept,
    impersonation_is_only_for_clients_that_may,
    what_is_not_allowed_is_not_exchanged,
    only_living_tokens_of_ours_are_exchanged,
    an_exchanged_token_ends_with_what_it_rests_on,
    an_exchanged_token_lives_no_longer_than_the_tokens_shown,
    a_biscuit_is_given_where_a_manifest_says_so,
);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const STOCK: &str = "https://stock.example.com";

const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: shop }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials]
  scopes: [openid, email, offline_access, stock.read, stock.write, orders]
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: elsewhere }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, stock.read]
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: orders }
spec:
  displayName: Orders
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, client_credentials, "urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, offline_access, stock.read, orders]
  consent: implicit
  tokenExchange:
    subjects: [orders, shop]
    audiences: [https://stock.example.com, "ISSUER"]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: stock }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: [client_credentials, "urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, stock.read, stock.write]
  tokenExchange:
    subjects: [orders, stock]
    audiences: [shelves]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: support }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: ["urn:ietf:params:oauth:grant-type:token-exchange"]
  scopes: [openid, email, stock.read]
  tokenExchange:
    subjects: [shop, orders]
    audiences: [shelves]
    impersonation: true
"#;

impl Bench {
    async fn with_services(db: TestDb, clients: &str) -> Self {
        // The issuer is known when the port is.
        let manifests = Manifests::new().file("clients.yaml", "");
        let setup = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .manifests(&manifests);
        let mut assay = setup.install();
        let clients = clients.replace("ISSUER", &assay.issuer());
        manifests.write("clients.yaml", &clients);
        assay.run().await;
        let ada = assay.user("ada");
        Self {
            assay,
            ada,
            manifests,
        }
    }

    fn apply_services(&self, from: &str, to: &str) {
        let clients = CLIENTS.replace("ISSUER", &self.assay.issuer());
        let changed = clients.replacen(from, to, 1);
        assert_ne!(changed, clients, "nothing to change");
        self.manifests.write("clients.yaml", &changed);
        let path = self.manifests.path().to_str().unwrap();
        let apply = self.assay.remote_command(["apply", "-f", path]);
        apply.env("WIKI_SECRET", SECRET).run().expect_code(0);
    }

    async fn shop(&self) -> RelyingParty {
        self.client("shop", "openid email stock.read stock.write")
            .await
    }
}

/// The token of the client itself.
async fn own(client: &RelyingParty) -> String {
    let reply = client.token(&[("grant_type", "client_credentials")]).await;
    reply.tokens().access_token
}

/// Exchanges an access token, with these parameters more.
async fn exchange(client: &RelyingParty, subject: &str, more: &[(&str, &str)]) -> Reply {
    let mut form = vec![
        ("grant_type", GRANT),
        ("subject_token", subject),
        ("subject_token_type", ACCESS),
    ];
    for (name, value) in more {
        form.retain(|(other, _)| other != name);
        form.push((name, value));
    }
    client.token(&form).await
}

fn acting(own: &str) -> [(&'static str, &str); 2] {
    [("actor_token", own), ("actor_token_type", ACCESS)]
}

async fn is_active(client: &RelyingParty, token: &str) -> bool {
    let reply = client
        .post("introspection_endpoint", &[("token", token)])
        .await;
    reply.expect_status(200).json()["active"] == true
}

async fn a_service_acts_for_a_person_and_says_so(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let grants = shop.provider["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&GRANT.into()), "{grants:?}");
    let (_, tokens) = bench.tokens(&shop).await;
    let own = own(&orders).await;
    let [actor, actor_type] = acting(&own);
    let reply = exchange(
        &orders,
        &tokens.access_token,
        &[actor, actor_type, ("audience", STOCK)],
    )
    .await;
    let body = reply.json();
    assert_eq!(body["issued_token_type"], ACCESS, "{body:#}");
    let exchanged = reply.tokens();
    // What both may have, and nothing else.
    assert_eq!(exchanged.scope.as_deref(), Some("openid stock.read"));
    assert_eq!(exchanged.refresh_token, None);
    assert_eq!(exchanged.id_token, None);
    let (before, after) = (
        claims_of(&tokens.access_token),
        claims_of(&exchanged.access_token),
    );
    assert_eq!(after["sub"], before["sub"]);
    assert_eq!(after["aud"], STOCK);
    assert_eq!(after["client_id"], "orders");
    assert_eq!(after["act"], json!({ "sub": "orders" }));
    assert!(after["exp"].as_i64() <= before["exp"].as_i64(), "{after:#}");

    let reply = orders
        .post(
            "introspection_endpoint",
            &[("token", &exchanged.access_token)],
        )
        .await
        .json();
    assert_eq!(reply["active"], true, "{reply:#}");
    assert_eq!(reply["act"]["sub"], "orders");
    assert!(!is_active(&shop, &exchanged.access_token).await);
    // It is for another, not for us.
    orders
        .userinfo(&exchanged.access_token)
        .await
        .expect_status(401);
    // It is not the client's to end the person's grant.
    orders
        .post("revocation_endpoint", &[("token", &exchanged.access_token)])
        .await
        .expect_error("unsupported_token_type");
    shop.userinfo(&tokens.access_token).await.expect_status(200);

    // An ID token is as good a proof, and less may be asked for.
    let id_token = tokens.id_token.unwrap();
    let reply = exchange(
        &orders,
        &id_token,
        &[
            ("subject_token_type", ID),
            actor,
            actor_type,
            ("resource", STOCK),
            ("scope", "stock.read"),
        ],
    )
    .await;
    let exchanged = reply.tokens();
    assert_eq!(exchanged.scope.as_deref(), Some("stock.read"));
    assert_eq!(claims_of(&exchanged.access_token)["sub"], before["sub"]);

    // For us, if the manifest says so.
    let issuer = bench.assay.issuer();
    let reply = exchange(
        &orders,
        &tokens.access_token,
        &[actor, actor_type, ("audience", &issuer)],
    )
    .await;
    let exchanged = reply.tokens();
    let person = orders.userinfo(&exchanged.access_token).await;
    let person = person.expect_status(200).json();
    assert_eq!(person["sub"], before["sub"]);
    // `email` was lost on the way.
    assert!(person.get("email").is_none(), "{person:#}");
}

async fn a_chain_of_actors_is_kept(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let stock = bench.client("stock", "openid").await;
    let support = bench.client("support", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    let orders_own = own(&orders).await;
    let [actor, actor_type] = acting(&orders_own);
    let more = [actor, actor_type, ("audience", STOCK)];
    let first = exchange(&orders, &tokens.access_token, &more)
        .await
        .tokens()
        .access_token;
    let stock_own = own(&stock).await;
    let mut token = exchange(&stock, &first, &acting(&stock_own))
        .await
        .tokens()
        .access_token;
    let act = json!({ "sub": "stock", "act": { "sub": "orders" } });
    let second = claims_of(&token);
    assert_eq!(second["act"], act);
    // Scopes never come back: `stock` may write, and the token it was shown may not.
    assert_eq!(second["scope"], "openid stock.read");
    // Whoever impersonates does not wash the actors off.
    let washed = exchange(&support, &first, &[]).await.tokens();
    assert_eq!(
        claims_of(&washed.access_token)["act"],
        json!({ "sub": "orders" })
    );
    for _ in 0..3 {
        token = exchange(&stock, &token, &acting(&stock_own))
            .await
            .tokens()
            .access_token;
    }
    exchange(&stock, &token, &acting(&stock_own))
        .await
        .expect_error("invalid_request");
    // The policy is about the client that shows up, not the one where the chain began.
    exchange(&stock, &tokens.access_token, &acting(&stock_own))
        .await
        .expect_error("invalid_request");
}

async fn impersonation_is_only_for_clients_that_may(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let support = bench.client("support", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    exchange(&orders, &tokens.access_token, &[("audience", STOCK)])
        .await
        .expect_error("invalid_request");
    // The only audience need not be said.
    let exchanged = exchange(&support, &tokens.access_token, &[]).await.tokens();
    let claims = claims_of(&exchanged.access_token);
    assert_eq!(claims["aud"], "shelves");
    assert!(claims.get("act").is_none(), "{claims:#}");
    assert_eq!(exchanged.scope.as_deref(), Some("email openid stock.read"));
}

async fn what_is_not_allowed_is_not_exchanged(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    let own = own(&orders).await;
    let with = async |more: &[(&str, &str)]| {
        let [actor, actor_type] = acting(&own);
        let mut all = vec![actor, actor_type, ("audience", STOCK)];
        all.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
        all.extend(more);
        exchange(&orders, &tokens.access_token, &all).await
    };
    with(&[]).await.tokens();
    for (more, error) in [
        (&[("audience", "")][..], "invalid_target"),
        (&[("audience", "shelves")], "invalid_target"),
        (
            &[("audience", "https://stock.example.com/")],
            "invalid_target",
        ),
        (&[("resource", "shelves")], "invalid_target"),
        (
            &[("audience", ""), ("resource", "shelves")],
            "invalid_target",
        ),
        // `email` is not this client's, `orders` not this token's, and nothing is for later.
        (&[("scope", "email")], "invalid_scope"),
        (&[("scope", "orders")], "invalid_scope"),
        (&[("scope", "stock.read stock.write")], "invalid_scope"),
        (&[("scope", "offline_access")], "invalid_scope"),
        (&[("requested_token_type", ID)], "invalid_request"),
        (&[("subject_token", "")], "invalid_request"),
        (&[("subject_token_type", "")], "invalid_request"),
        (
            &[(
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
            )],
            "invalid_request",
        ),
        (&[("actor_token", "")], "invalid_request"),
        (&[("actor_token_type", "")], "invalid_request"),
        (&[("actor_token_type", "jwt")], "invalid_request"),
    ] {
        let reply = with(more).await;
        let body = reply.json();
        assert_eq!(body["error"], error, "{more:?}: {body:#}");
        reply.expect_error(error);
    }
    with(&[("requested_token_type", ACCESS)]).await.tokens();

    // The token of a client that the manifest does not name.
    let elsewhere = bench.client("elsewhere", "openid stock.read").await;
    let (_, theirs) = bench.tokens(&elsewhere).await;
    with(&[("subject_token", &theirs.access_token)])
        .await
        .expect_error("invalid_request");
    let id_token = theirs.id_token.unwrap();
    with(&[("subject_token", &id_token), ("subject_token_type", ID)])
        .await
        .expect_error("invalid_request");
    // A client without the grant.
    exchange(&shop, &tokens.access_token, &[])
        .await
        .expect_error("unauthorized_client");
    // A manifest that has the grant and no policy, or the policy of everybody, is no manifest.
    for (from, to, says) in [
        (
            "tokenExchange:\n    subjects: [orders, shop]\n",
            "description: |\n    x\n",
            "nothing says which tokens",
        ),
        (
            "subjects: [orders, shop]",
            "subjects: ['*']",
            "there is no wildcard here",
        ),
        ("subjects: [orders, shop]", "subjects: []", "allows nothing"),
    ] {
        let broken = CLIENTS.replacen(from, to, 1);
        assert_ne!(broken, CLIENTS);
        bench.manifests.write("clients.yaml", &broken);
        let path = bench.manifests.path().to_str().unwrap();
        let validate = Command::offline(["validate", "-f", path]);
        let output = validate.env("WIKI_SECRET", SECRET).run();
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains(says), "{says}: {output:?}");
    }
}

async fn only_living_tokens_of_ours_are_exchanged(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let support = bench.client("support", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    let refresh_token = tokens.refresh_token.clone().unwrap();
    let id_token = tokens.id_token.clone().unwrap();
    let altered = format!("{}x", tokens.access_token);
    let of_a_client = own(&shop).await;
    for subject in [&refresh_token, &id_token, &altered, &of_a_client] {
        exchange(&support, subject, &[])
            .await
            .expect_error("invalid_request");
    }
    exchange(
        &support,
        &tokens.access_token,
        &[("subject_token_type", ID)],
    )
    .await
    .expect_error("invalid_request");

    // An actor's token is one that this client got: for itself, or for a person.
    let orders_own = own(&orders).await;
    let shop_own = own(&shop).await;
    let (mut clerk, clerks) = bench.tokens(&orders).await;
    let audience = ("audience", STOCK);
    for actor in [&shop_own, &tokens.access_token, &altered, &id_token] {
        let [actor, actor_type] = acting(actor);
        exchange(
            &orders,
            &tokens.access_token,
            &[actor, actor_type, audience],
        )
        .await
        .expect_error("invalid_request");
    }
    let foreign_id = [
        ("actor_token", &*id_token),
        ("actor_token_type", ID),
        audience,
    ];
    exchange(&orders, &tokens.access_token, &foreign_id)
        .await
        .expect_error("invalid_request");
    let [own_actor, actor_type] = acting(&orders_own);
    // A token that says that somebody acts is no actor's own, also where that was for one's own people.
    for subject in [&tokens.access_token, &clerks.access_token] {
        let acted = exchange(&orders, subject, &[own_actor, actor_type, audience])
            .await
            .tokens();
        let [actor, actor_type] = acting(&acted.access_token);
        exchange(
            &orders,
            &tokens.access_token,
            &[actor, actor_type, audience],
        )
        .await
        .expect_error("invalid_request");
    }

    // A person who acts: the token ends with their sign-in too.
    let clerk_sub = claims_of(&clerks.access_token)["sub"].clone();
    let clerks_id = clerks.id_token.unwrap();
    let issuer = bench.assay.issuer();
    let mut given = Vec::new();
    for (actor, kind) in [(&*clerks.access_token, ACCESS), (&*clerks_id, ID)] {
        let more = [
            ("actor_token", actor),
            ("actor_token_type", kind),
            ("audience", &*issuer),
        ];
        let reply = exchange(&orders, &tokens.access_token, &more).await;
        let token = reply.tokens().access_token;
        assert_eq!(claims_of(&token)["act"], json!({ "sub": clerk_sub }));
        assert!(is_active(&orders, &token).await);
        orders.userinfo(&token).await.expect_status(200);
        given.push(token);
    }
    let account = clerk.open(&bench.assay.url("/auth/account")).await.page();
    let sign_out = account
        .forms()
        .into_iter()
        .find(|form| form.action.path().ends_with("sign-out"))
        .unwrap();
    clerk.submit(&sign_out).await.page();
    for token in given {
        assert!(!is_active(&orders, &token).await);
        orders.userinfo(&token).await.expect_status(401);
    }
}

async fn an_exchanged_token_ends_with_what_it_rests_on(db: TestDb) {
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let support = bench.client("support", "openid").await;
    let own = own(&orders).await;
    let issuer = bench.assay.issuer();
    let [actor, actor_type] = acting(&own);
    let more = [actor, actor_type, ("audience", &*issuer)];

    let (_, tokens) = bench.tokens(&shop).await;
    let exchanged = exchange(&orders, &tokens.access_token, &more)
        .await
        .tokens();
    orders
        .userinfo(&exchanged.access_token)
        .await
        .expect_status(200);
    shop.post("revocation_endpoint", &[("token", &tokens.access_token)])
        .await
        .expect_status(200);
    orders
        .userinfo(&exchanged.access_token)
        .await
        .expect_status(401);
    assert!(!is_active(&orders, &exchanged.access_token).await);
    for ended in [&tokens.access_token, &exchanged.access_token] {
        exchange(&support, ended, &[])
            .await
            .expect_error("invalid_request");
    }
    let id_token = tokens.id_token.unwrap();
    exchange(&support, &id_token, &[("subject_token_type", ID)])
        .await
        .expect_error("invalid_request");

    // A person who is disabled.
    let (_, tokens) = bench.tokens(&shop).await;
    let exchanged = exchange(&orders, &tokens.access_token, &more)
        .await
        .tokens();
    let sub = claims_of(&tokens.access_token)["sub"].clone();
    let path = format!("/auth/admin/auth/users/{}", sub.as_str().unwrap());
    let set = async |state: &str| {
        let request = bench
            .assay
            .admin(Method::PATCH, &path)
            .header("content-type", "application/json")
            .body(json!({ "state": state }).to_string());
        let reply = Reply::to(request).await;
        assert!(reply.status.is_success(), "{reply:#?}");
    };
    set("disabled").await;
    orders
        .userinfo(&exchanged.access_token)
        .await
        .expect_status(401);
    exchange(&orders, &tokens.access_token, &more)
        .await
        .expect_error("invalid_request");
    set("active").await;

    // The client that asked for it, and the one whose token was shown.
    for (from, to) in [
        ("displayName: Orders", "enabled: false"),
        ("consent: implicit", "enabled: false"),
    ] {
        let (_, tokens) = bench.tokens(&shop).await;
        let exchanged = exchange(&orders, &tokens.access_token, &more)
            .await
            .tokens();
        orders
            .userinfo(&exchanged.access_token)
            .await
            .expect_status(200);
        bench.apply_services(from, to);
        orders
            .userinfo(&exchanged.access_token)
            .await
            .expect_status(401);
        exchange(&support, &exchanged.access_token, &[])
            .await
            .expect_error("invalid_request");
        bench.apply_services("displayName: Orders", "displayName: Order desk");
    }
}

async fn an_exchanged_token_lives_no_longer_than_the_tokens_shown(db: TestDb) {
    let clients = CLIENTS.replacen(
        "  scopes: [openid, email, offline_access",
        "  accessTokenTtl: 5s\n  scopes: [openid, email, offline_access",
        1,
    );
    assert_ne!(clients, CLIENTS);
    let bench = Bench::with_services(db, &clients).await;
    let shop = bench.shop().await;
    let support = bench.client("support", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let exchanged = exchange(&support, &tokens.access_token, &[]).await.tokens();
    assert!(exchanged.expires_in <= 4, "{exchanged:?}");
    assert_eq!(
        claims_of(&exchanged.access_token)["exp"],
        claims_of(&tokens.access_token)["exp"]
    );
    tokio::time::sleep(Duration::from_secs(4)).await;
    exchange(&support, &tokens.access_token, &[])
        .await
        .expect_error("invalid_request");
}

async fn a_biscuit_is_given_where_a_manifest_says_so(db: TestDb) {
    const BISCUIT: &str = "urn:assay:token-type:biscuit";
    const GRANTS: &str = r#"apiVersion: assay/v1
kind: Module
metadata: { name: biscuit }
spec:
  settings: { tokenTtl: 5m, grants: [{ anyone: true, facts: ["user({user})"] }] }
"#;
    let bench = Bench::with_services(db, CLIENTS).await;
    let shop = bench.shop().await;
    let orders = bench.client("orders", "openid").await;
    let (_, tokens) = bench.tokens(&shop).await;
    let own = own(&orders).await;
    let [actor, actor_type] = acting(&own);
    let wanted = [
        actor,
        actor_type,
        ("audience", STOCK),
        ("requested_token_type", BISCUIT),
    ];
    let ask = async || exchange(&orders, &tokens.access_token, &wanted).await;
    ask().await.expect_error("invalid_request");
    let policy = "audiences: [https://stock.example.com, \"ISSUER\"]";
    let issuer = bench.assay.issuer();
    let before = policy.replace("ISSUER", &issuer);
    let after = format!("{before}\n    biscuits: true");
    bench.apply_services(&before, &after);
    // The client may; nothing is granted to the person yet.
    ask().await.expect_error("invalid_request");
    bench.manifests.write("biscuit.yaml", GRANTS);
    bench.apply_services(&before, &after);

    let reply = ask().await.expect_status(200).json();
    assert_eq!(reply["issued_token_type"], BISCUIT);
    assert_eq!(reply["token_type"], "N_A");
    assert!(reply["expires_in"].as_i64().unwrap() <= 300, "{reply}");
    assert!(reply.get("refresh_token").is_none());
    let token = &reply["access_token"];
    let inspect = bench.assay.request(Method::POST, "/auth/biscuit/inspect");
    let shown = Reply::to(inspect.json(&json!({ "token": token })))
        .await
        .json();
    assert_eq!(shown["verified"], true);
    let sub = &claims_of(&tokens.access_token)["sub"];
    assert_eq!(
        shown["blocks"][0]["facts"],
        json!([
            format!("user({sub})"),
            "client(\"orders\")",
            "actor(\"orders\")",
            "audience(\"https://stock.example.com\")",
            "scope(\"openid\")",
            "scope(\"stock.read\")",
        ])
    );
    // It is no access token.
    let token = token.as_str().unwrap();
    assert!(!is_active(&orders, token).await);
    let refused = exchange(&orders, token, &[actor, actor_type, ("audience", STOCK)]).await;
    refused.expect_error("invalid_request");
}
