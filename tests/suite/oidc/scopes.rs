//! Kind `Scope`: what people are told, and which claims clients learn.

use serde_json::{Value, json};

use super::{Bench, SECRET};
use crate::harness::{Page, RelyingParty, TestDb, Tokens, Visitor, claims_of};

both_databases!(
    a_declared_scope_is_described_and_releases_its_claims,
    a_scope_that_is_not_granted_releases_nothing,
    a_scope_changes_and_goes_without_a_restart,
);

const SCOPES: &str = r"apiVersion: assay/v1
kind: Scope
metadata: { name: work }
spec:
  description: { default: See where you work, de: Sehen wo Sie arbeiten }
  claims:
    department: { attribute: job.department, type: string }
    groups: { attribute: groups, type: strings, into: [id_token, userinfo, access_token] }
    tenant: { value: acme, into: [access_token] }
    level: { attribute: level, type: string }
    nickname: { attribute: job.title, into: [userinfo] }
---
apiVersion: assay/v1
kind: Scope
metadata: { name: email }
spec:
  description: { default: Write to you }
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: portal }
spec:
  displayName: Portal
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, email, work, other]
";

const ATTRIBUTES: &str = r#"UPDATE users SET attributes =
    '{"job":{"department":"R&D","title":"Boss"},"groups":["a","b"],"level":3,"email":"evil@x"}'"#;

async fn bench(db: TestDb) -> Bench {
    let bench = Bench::with_more(db, SCOPES).await;
    let data = bench.assay.folder().join("data");
    assert_eq!(bench.assay.db().alter(&data, ATTRIBUTES).await, 1);
    bench
}

async fn question(bench: &Bench, visitor: &mut Visitor, client: &RelyingParty) -> Page {
    let page = visitor.open(&client.authorization().url()).await.page();
    visitor.submit(&bench.sign_in_form(&page)).await.page()
}

fn listed(page: &Page) -> Vec<String> {
    let tags = page.tags("li").into_iter().chain(page.tags("bdi"));
    tags.map(|tag| tag.text.trim().to_owned()).collect()
}

async fn introspected(client: &RelyingParty, tokens: &Tokens) -> Value {
    let form = [("token", tokens.access_token.as_str())];
    client.post("introspection_endpoint", &form).await.json()
}

async fn a_declared_scope_is_described_and_releases_its_claims(db: TestDb) {
    let bench = bench(db).await;
    let portal = bench.client("portal", "openid email work other").await;
    let supported = |list: &str, name: &str| {
        let list = portal.provider[list].as_array().unwrap();
        list.contains(&name.into())
    };
    assert!(supported("scopes_supported", "work") && !supported("scopes_supported", "other"));
    assert!(supported("claims_supported", "groups") && !supported("claims_supported", "tenant"));

    let page = question(&bench, &mut bench.assay.visitor(), &portal).await;
    let shown = listed(&page);
    for text in ["See where you work", "Write to you", "other"] {
        assert!(shown.iter().any(|line| line == text), "{text}: {shown:?}");
    }
    let mut german = bench.assay.visitor().reading("de");
    let shown = listed(&question(&bench, &mut german, &portal).await);
    for text in ["Sehen wo Sie arbeiten", "Write to you"] {
        assert!(shown.iter().any(|line| line == text), "{text}: {shown:?}");
    }

    let (_, tokens) = bench.tokens(&portal).await;
    let id_token = tokens.id_token.clone().unwrap();
    let id_token = portal.id_token_claims(&id_token).await;
    assert_eq!(id_token["department"], "R&D");
    assert_eq!(id_token["groups"], json!(["a", "b"]));
    for absent in ["tenant", "level", "nickname"] {
        assert!(id_token[absent].is_null(), "{absent}: {id_token:#}");
    }
    let userinfo = portal.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["nickname"], "Boss");
    assert_eq!(userinfo["groups"], json!(["a", "b"]));
    assert_eq!(userinfo["email"], bench.ada.email);
    assert!(userinfo["level"].is_null() && userinfo["tenant"].is_null());

    for said in [
        claims_of(&tokens.access_token),
        introspected(&portal, &tokens).await,
    ] {
        assert_eq!(said["tenant"], "acme", "{said:#}");
        assert_eq!(said["groups"], json!(["a", "b"]));
        assert!(said["department"].is_null() && said["nickname"].is_null());
    }
}

async fn a_scope_that_is_not_granted_releases_nothing(db: TestDb) {
    let bench = bench(db).await;
    let portal = bench.client("portal", "openid other").await;
    let (_, tokens) = bench.tokens(&portal).await;
    let id_token = tokens.id_token.clone().unwrap();
    let id_token = portal.id_token_claims(&id_token);
    for said in [
        id_token.await,
        claims_of(&tokens.access_token),
        portal.userinfo(&tokens.access_token).await.json(),
        introspected(&portal, &tokens).await,
    ] {
        for absent in ["department", "groups", "tenant", "nickname"] {
            assert!(said[absent].is_null(), "{absent}: {said:#}");
        }
    }
}

async fn a_scope_changes_and_goes_without_a_restart(db: TestDb) {
    let bench = bench(db).await;
    let portal = bench.client("portal", "openid work").await;
    let (_, tokens) = bench.tokens(&portal).await;
    let path = bench.manifests.path().to_str().unwrap().to_owned();
    let apply = |text: &str| {
        bench.manifests.write("more.yaml", text);
        let apply = ["apply", "--prune", "--yes", "-f", &path];
        let apply = bench.assay.remote_command(apply);
        apply.env("WIKI_SECRET", SECRET).run().expect_code(0);
    };
    apply(&SCOPES.replace("value: acme", "value: umbrella"));
    let said = introspected(&portal, &tokens).await;
    assert_eq!(said["tenant"], "umbrella");
    let export = bench.assay.remote_command(["export"]).run().expect_code(0);
    assert!(export.stdout.contains("umbrella"), "{export:#?}");

    let (_, client) = SCOPES.split_at(
        SCOPES
            .find("---\napiVersion: assay/v1\nkind: OidcClient")
            .unwrap(),
    );
    apply(client);
    assert!(introspected(&portal, &tokens).await["tenant"].is_null());
    let userinfo = portal.userinfo(&tokens.access_token).await.json();
    assert!(userinfo["groups"].is_null(), "{userinfo:#}");
    let back = bench.assay.remote_command(["rollback", "2", "--yes"]);
    back.env("WIKI_SECRET", SECRET).run().expect_code(0);
    assert_eq!(introspected(&portal, &tokens).await["tenant"], "acme");
}
