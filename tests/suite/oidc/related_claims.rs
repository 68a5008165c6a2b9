//! Claims of what a person is related to: the namespaces and tuples of `zanzibar`.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::{
    harness::{RelyingParty, Reply, TestDb, Tokens, claims_of},
    zanzibar::{ask, touch, update, write},
};

both_databases!(
    a_claim_names_every_object_that_the_person_is_related_to,
    a_claim_that_cannot_be_told_is_left_out,
);

const TEAMS: &str = r#"apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: user }
spec: {}
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: team }
spec:
  relations:
    member: { types: [user, "team#member", user with on_duty] }
    banned: { types: [user] }
  permissions:
    work: member - banned
  caveats:
    on_duty: { parameters: { hour: int }, expression: hour < 17 }
---
apiVersion: assay/v1
kind: Scope
metadata: { name: teams }
spec:
  description: { default: See your teams }
  claims:
    teams:
      every: { type: team, relation: work }
      into: [id_token, userinfo, access_token]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: portal }
spec:
  displayName: Portal
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, teams]
"#;

async fn told(party: &RelyingParty, tokens: &Tokens) -> [Value; 4] {
    let id_token = tokens.id_token.clone().unwrap();
    let form = [("token", tokens.access_token.as_str())];
    let introspected = party.post("introspection_endpoint", &form).await.json();
    [
        party.id_token_claims(&id_token).await["teams"].clone(),
        claims_of(&tokens.access_token)["teams"].clone(),
        party.userinfo(&tokens.access_token).await.json()["teams"].clone(),
        introspected["teams"].clone(),
    ]
}

async fn id_of_ada(bench: &Bench) -> String {
    let path = format!("/auth/admin/auth/users?email={}", bench.ada.email);
    let listed = Reply::to(bench.assay.admin(Method::GET, &path))
        .await
        .json();
    listed["users"][0]["id"].as_str().unwrap().to_owned()
}

async fn a_claim_names_every_object_that_the_person_is_related_to(db: TestDb) {
    let bench = Bench::with_more(db, TEAMS).await;
    let id = id_of_ada(&bench).await;
    let tuples = [
        format!("team:night#member@user:{id}"),
        "team:all#member@team:night#member".to_owned(),
        format!("team:former#member@user:{id}"),
        format!("team:former#banned@user:{id}"),
        "team:others#member@user:somebody".to_owned(),
    ];
    let tuples: Vec<&str> = tuples.iter().map(String::as_str).collect();
    touch(&bench.assay, &tuples).await;
    // It depends on the hour, which no token knows.
    let mut on_duty = update("touch", &format!("team:duty#member@user:{id}"));
    on_duty["tuple"]["caveat"] = json!({ "name": "on_duty" });
    let body = json!({ "updates": [on_duty] });
    ask(&bench.assay, "write", &body).await.expect_status(200);
    let portal = bench.client("portal", "openid teams").await;
    let (_, tokens) = bench.tokens(&portal).await;
    for teams in told(&portal, &tokens).await {
        assert_eq!(teams, json!(["all", "night"]));
    }

    // Who was put out of a team is out of it where it is asked for again.
    let night = "team:all#member@team:night#member";
    let deleted = write(&bench.assay, "delete", &[night]).await;
    deleted.expect_status(200);
    let [_, token, userinfo, introspected] = told(&portal, &tokens).await;
    assert_eq!(token, json!(["all", "night"]));
    assert_eq!(userinfo, json!(["night"]));
    assert_eq!(introspected, json!(["night"]));

    // By its name alone, where it was asked for.
    let portal = bench.client("portal", "openid").await;
    let (_, tokens) = bench.tokens(&portal).await;
    for teams in told(&portal, &tokens).await {
        assert_eq!(teams, Value::Null);
    }
    let wish = json!({ "userinfo": { "teams": null } }).to_string();
    let request = portal.authorization().with("claims", &wish);
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    assert!(page.reply.body.contains("See your teams"), "{page:#?}");
    let form = page.form_with_button("decision").press("decision", "allow");
    let callback = visitor.submit(&form).await.left();
    let code = portal.code_in(&callback, &request);
    let tokens = portal.redeem(&code, &request).await.tokens();
    let [id_token, _, userinfo, _] = told(&portal, &tokens).await;
    assert_eq!((id_token, userinfo), (Value::Null, json!(["night"])));
}

async fn a_claim_that_cannot_be_told_is_left_out(db: TestDb) {
    let bench = Bench::with_more(db, TEAMS).await;
    let id = id_of_ada(&bench).await;
    let portal = bench.client("portal", "openid teams").await;
    let (_, tokens) = bench.tokens(&portal).await;
    let [_, _, userinfo, _] = told(&portal, &tokens).await;
    assert_eq!(userinfo, json!([]));

    // More than fit into a token: some of them would look like all.
    let many: Vec<String> = (0..=1_000)
        .map(|number| format!("team:t{number}#member@user:{id}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for some in many.chunks(500) {
        touch(&bench.assay, some).await;
    }
    let [_, _, userinfo, _] = told(&portal, &tokens).await;
    assert_eq!(userinfo, Value::Null);

    // The module is off, and with it what it knows.
    let disable = ["module", "disable", "zanzibar"];
    bench.assay.remote_command(disable).run().expect_code(0);
    let [_, _, userinfo, _] = told(&portal, &tokens).await;
    assert_eq!(userinfo, Value::Null);
}
