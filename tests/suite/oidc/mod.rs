//! What the OpenID Provider must refuse, and what it must not. Each story fails when its check is
//! taken out.

mod access;
mod at_once;
mod attributes;
mod authorize;
mod back_channel;
mod claims_parameter;
mod client_assertion;
mod clients;
mod consent;
mod cors;
mod device;
mod device_refusals;
mod dpop;
mod front_channel;
mod hybrid;
mod languages;
mod logout;
mod mutual_tls;
mod opaque;
mod pairwise;
mod people;
mod prompts;
mod pushed;
mod random;
mod refresh;
mod registration;
mod related_claims;
mod request_object;
mod resources;
mod response_mode;
mod revocation;
mod scopes;
mod sessions;
mod signed_answers;
mod soak;
mod step_up;
mod theme;
mod token;
mod token_exchange;
mod userinfo;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{
    Assay, Authorization, ClientAuthentication, Manifests, Registration, RelyingParty, Reply,
    TestDb, Tokens, User, Visitor,
};

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const CALLBACK: &str = "https://wiki.example.com/callback";

const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  displayName: Wiki
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback, https://wiki.example.com/other]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, profile, email, offline_access]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: intranet }
spec:
  displayName: "<script>alert(1)</script>"
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, email]
  consent: implicit
  postLogoutRedirectUris: [https://wiki.example.com/bye]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: legacy }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid]
  requirePkce: false
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: phone }
spec:
  clientType: public
  applicationType: native
  redirectUris: ["http://127.0.0.1/callback"]
  allowedOrigins: [https://phone.example.com]
  scopes: [openid]
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: reporter }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  tokenEndpointAuthMethod: client_secret_post
  grantTypes: [client_credentials]
  scopes: [openid, reports.read, reports.write]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: bank }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, client_credentials]
  scopes: [openid, pay]
  requirePushedAuthorizationRequests: true
"#;

/// A server with these clients and one person.
struct Bench {
    assay: Assay,
    ada: User,
    manifests: Manifests,
}

impl Bench {
    async fn on(db: TestDb) -> Self {
        Self::start(db, Manifests::new().file("clients.yaml", CLIENTS)).await
    }

    /// With manifests beyond those of every bench.
    async fn with_more(db: TestDb, more: &str) -> Self {
        let manifests = Manifests::new()
            .file("clients.yaml", CLIENTS)
            .file("more.yaml", more);
        Self::start(db, manifests).await
    }

    async fn start(db: TestDb, manifests: Manifests) -> Self {
        let assay = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .manifests(&manifests)
            .start()
            .await;
        let ada = assay.user("ada");
        Self {
            assay,
            ada,
            manifests,
        }
    }

    async fn client(&self, name: &str, scope: &str) -> RelyingParty {
        let registration = Registration::confidential(name, SECRET, CALLBACK).scope(scope);
        self.assay.relying_party(registration).await
    }

    async fn wiki(&self) -> RelyingParty {
        self.client("wiki", "openid profile email").await
    }

    async fn intranet(&self) -> RelyingParty {
        self.client("intranet", "openid email").await
    }

    async fn phone(&self) -> RelyingParty {
        let registration =
            Registration::public("phone", "http://127.0.0.1:49152/callback").scope("openid");
        self.assay.relying_party(registration).await
    }

    async fn reporter(&self) -> RelyingParty {
        let registration = Registration::confidential("reporter", SECRET, CALLBACK)
            .authentication(ClientAuthentication::Post);
        self.assay.relying_party(registration).await
    }

    /// Goes as far as the code.
    async fn code(&self, client: &RelyingParty, authorization: &Authorization) -> String {
        let mut visitor = self.assay.visitor();
        let callback = visitor.sign_in(&authorization.url(), &self.ada).await;
        client.code_in(&callback, authorization)
    }

    async fn tokens(&self, client: &RelyingParty) -> (Visitor, Tokens) {
        let mut visitor = self.assay.visitor();
        let tokens = client.sign_in(&mut visitor, &self.ada).await;
        (visitor, tokens)
    }

    /// What was recorded under this name, newest first.
    async fn audit(&self, action: &str) -> Vec<Value> {
        let path = format!("/auth/admin/auth/audit?action={action}");
        let reply = Reply::to(self.assay.admin(Method::GET, &path)).await;
        let events = reply.expect_status(200).json();
        events["events"].as_array().unwrap().clone()
    }

    /// Posts a form exactly as written.
    async fn post(&self, path: &str, body: &str) -> Reply {
        let request = self
            .assay
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        Reply::to(request).await
    }

    /// Edits a client's manifest and applies the folder.
    fn change(&self, from: &str, to: &str) {
        let changed = CLIENTS.replacen(from, to, 1);
        assert_ne!(changed, CLIENTS, "nothing to change");
        self.apply("clients.yaml", &changed);
    }

    /// Changes the manifests beyond those of every bench.
    fn apply_more(&self, more: &str) {
        self.apply("more.yaml", more);
    }

    fn apply(&self, file: &str, manifests: &str) {
        self.manifests.write(file, manifests);
        // Through the server, which answers once it serves what it was told.
        let path = self.manifests.path().to_str().unwrap();
        self.assay
            .remote_command(["apply", "-f", path])
            .env("WIKI_SECRET", SECRET)
            .run()
            .expect_code(0);
    }
}
