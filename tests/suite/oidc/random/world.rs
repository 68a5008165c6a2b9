//! People, clients and what they have, in the real server and in the model.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::{Bench, CALLBACK, SECRET},
    model::{End, Family},
    operation::Operation,
};
use crate::harness::{Manifests, RelyingParty, Reply, Tokens, User, Visitor};

/// How long after a refresh its old token certainly counts as a lost answer; the server has 30 seconds.
const SURELY_RECENT: Duration = Duration::from_secs(15);

struct Person {
    id: String,
    user: User,
    is_disabled: bool,
    visitor: Visitor,
    is_signed_in: bool,
}

struct Client {
    name: String,
    /// Fields beyond those of all.
    spec: &'static str,
    scope: &'static str,
    is_on: bool,
    relying_party: RelyingParty,
}

pub(super) struct World<'a> {
    bench: &'a Bench,
    manifests: Manifests,
    /// The set that the clients belong to, which no other world touches.
    set: String,
    people: Vec<Person>,
    clients: Vec<Client>,
    families: Vec<Family>,
    refreshed_at: Vec<Instant>,
}

/// Online use, offline use, and access tokens that are a row in a table.
const CLIENTS: [(&str, &str, &str); 3] = [
    ("online", "", "openid email"),
    ("offline", "", "openid offline_access"),
    ("opaque", "  accessTokenFormat: opaque\n", "openid email"),
];

impl<'a> World<'a> {
    pub(super) async fn new(bench: &'a Bench) -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let world = WORLDS.fetch_add(1, Ordering::Relaxed);
        let mut people = Vec::new();
        for name in ["ada", "grace"] {
            let user = User {
                email: format!("{name}{world}@example.com"),
                password: format!("correct horse battery {name}"),
            };
            let body = json!({ "email": user.email, "password": user.password });
            let person = admin(bench, Method::POST, "", &body).await;
            people.push(Person {
                id: person["id"].as_str().unwrap().to_owned(),
                user,
                is_disabled: false,
                visitor: bench.assay.visitor(),
                is_signed_in: false,
            });
        }
        let mut clients = Vec::new();
        for (name, spec, scope) in CLIENTS {
            let name = format!("{name}{world}");
            clients.push(Client {
                relying_party: bench.client(&name, scope).await,
                name,
                spec,
                scope,
                is_on: true,
            });
        }
        let world = Self {
            bench,
            manifests: Manifests::new(),
            set: format!("world-{world}"),
            people,
            clients,
            families: Vec::new(),
            refreshed_at: Vec::new(),
        };
        world.apply(None);
        world
    }

    /// Applies the clients as they are now, but for one that is left out.
    fn apply(&self, without: Option<usize>) {
        let documents: Vec<String> = self
            .clients
            .iter()
            .enumerate()
            .filter(|(number, _)| Some(*number) != without)
            .map(|(_, client)| {
                format!(
                    "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {} }}
spec:
  enabled: {}
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [{CALLBACK}]
  grantTypes: [authorization_code, refresh_token]
  scopes: [{}]
  consent: implicit
{}",
                    client.name,
                    client.is_on,
                    client.scope.replace(' ', ", "),
                    client.spec,
                )
            })
            .collect();
        self.manifests
            .write("clients.yaml", &documents.join("---\n"));
        let path = self.manifests.path().to_str().unwrap();
        let command = ["apply", "-f", path, "--set", &self.set, "--prune", "--yes"];
        self.bench
            .assay
            .remote_command(command)
            .env("WIKI_SECRET", SECRET)
            .run()
            .expect_code(0);
    }

    pub(super) async fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Authorize { person, client } => {
                let (person, client) = (person % self.people.len(), client % self.clients.len());
                self.authorize(person, client).await;
            }
            Operation::Withdraw { person, client } => {
                let (person, client) = (person % self.people.len(), client % self.clients.len());
                self.withdraw(person, client).await;
            }
            Operation::SignOut { person } => self.sign_out(person % self.people.len()).await,
            Operation::Disable { person } => self.disable(person % self.people.len()).await,
            Operation::ChangePassword { person } => {
                self.change_password(person % self.people.len()).await;
            }
            Operation::Switch { client } => {
                let client = client % self.clients.len();
                self.clients[client].is_on ^= true;
                self.apply(None);
                if !self.clients[client].is_on {
                    self.end(End::Client(client));
                }
            }
            Operation::Delete { client } => {
                let client = client % self.clients.len();
                self.apply(Some(client));
                self.end(End::Client(client));
                self.apply(None);
            }
            // The rest needs a family.
            _ if self.families.is_empty() => {}
            Operation::Redeem { family } => {
                let family = family % self.families.len();
                self.redeem(family).await;
                self.check(family).await;
            }
            Operation::Refresh { family } => {
                let family = family % self.families.len();
                self.refresh(family).await;
                self.check(family).await;
            }
            Operation::RefreshOld { family, token } => {
                let family = family % self.families.len();
                self.refresh_old(family, token).await;
                self.check(family).await;
            }
            Operation::Revoke { family, token } => {
                let family = family % self.families.len();
                self.revoke(family, token).await;
                self.check(family).await;
            }
            Operation::Meddle { family, token } => {
                let family = family % self.families.len();
                self.meddle(family, token).await;
                self.check(family).await;
            }
        }
    }

    fn end(&mut self, end: End) {
        for family in &mut self.families {
            family.end(end);
        }
    }

    async fn authorize(&mut self, person: usize, client: usize) {
        let (someone, at) = (&mut self.people[person], &self.clients[client]);
        if someone.is_disabled || !at.is_on {
            return;
        }
        let request = at.relying_party.authorization();
        let callback = someone.visitor.sign_in(&request.url(), &someone.user).await;
        someone.is_signed_in = true;
        self.families.push(Family {
            client,
            person,
            is_for_offline_use: at.scope.contains("offline_access"),
            code: at.relying_party.code_in(&callback, &request),
            request,
            is_redeemed: false,
            is_alive: true,
            access_tokens: Vec::new(),
            refresh_tokens: Vec::new(),
        });
        self.refreshed_at.push(Instant::now());
    }

    /// The client of the family; `None` while it is off, when it is refused whatever it asks.
    fn client_of(&self, family: usize) -> Option<&RelyingParty> {
        let client = &self.clients[self.families[family].client];
        client.is_on.then_some(&client.relying_party)
    }

    async fn redeem(&mut self, number: usize) {
        let family = &self.families[number];
        let client = &self.clients[family.client];
        let reply = client
            .relying_party
            .redeem(&family.code, &family.request)
            .await;
        if !client.is_on {
            reply.expect_error("invalid_client");
            return;
        }
        let family = &mut self.families[number];
        let has_tokens = family.redeem();
        take(family, reply, has_tokens);
    }

    async fn refresh(&mut self, number: usize) {
        let family = &self.families[number];
        let Some(newest) = family.refresh_tokens.last() else {
            return;
        };
        let client = &self.clients[family.client];
        let reply = client.relying_party.refresh(newest).await;
        if !client.is_on {
            reply.expect_error("invalid_client");
            return;
        }
        let is_alive = family.is_alive;
        take(&mut self.families[number], reply, is_alive);
        self.refreshed_at[number] = Instant::now();
    }

    async fn refresh_old(&mut self, number: usize, token: usize) {
        let family = &self.families[number];
        let Some(replaced) = family.refresh_tokens.len().checked_sub(1) else {
            return;
        };
        if replaced == 0 || self.refreshed_at[number].elapsed() > SURELY_RECENT {
            return;
        }
        let token = token % replaced;
        let Some(client) = self.client_of(number) else {
            return;
        };
        let reply = client.refresh(&family.refresh_tokens[token]).await;
        let family = &mut self.families[number];
        if !family.use_replaced(token) {
            reply.expect_error("invalid_grant");
            return;
        }
        let given = reply.tokens();
        assert_eq!(given.refresh_token.as_ref(), family.refresh_tokens.last());
        family.access_tokens.push(given.access_token);
    }

    async fn revoke(&mut self, number: usize, token: usize) {
        let family = &self.families[number];
        let tokens = family.tokens();
        let (Some(client), false) = (self.client_of(number), tokens.is_empty()) else {
            return;
        };
        let token = tokens[token % tokens.len()].0;
        client
            .post("revocation_endpoint", &[("token", token)])
            .await
            .expect_status(200);
        self.families[number].is_alive = false;
    }

    async fn meddle(&mut self, number: usize, token: usize) {
        let family = &self.families[number];
        let other = &self.clients[(family.client + 1) % self.clients.len()];
        if !other.is_on {
            return;
        }
        let other = &other.relying_party;
        other
            .redeem(&family.code, &family.request)
            .await
            .expect_error("invalid_grant");
        let tokens = family.tokens();
        if tokens.is_empty() {
            return;
        }
        let token = tokens[token % tokens.len()].0;
        other.refresh(token).await.expect_error("invalid_grant");
        other
            .post("revocation_endpoint", &[("token", token)])
            .await
            .expect_status(200);
        let said = other
            .post("introspection_endpoint", &[("token", token)])
            .await;
        assert_eq!(said.body, r#"{"active":false}"#);
    }

    async fn sign_out(&mut self, person: usize) {
        let someone = &mut self.people[person];
        if !someone.is_signed_in {
            return;
        }
        let url = self.bench.assay.url("/auth/account");
        let account = someone.visitor.open(&url).await.page();
        let form = account
            .forms()
            .into_iter()
            .find(|form| form.action.path() == "/auth/account/sign-out")
            .expect("a way to sign out");
        someone.visitor.submit(&form).await.page();
        someone.is_signed_in = false;
        self.end(End::Session(person));
    }

    async fn withdraw(&mut self, person: usize, client: usize) {
        let someone = &mut self.people[person];
        if !someone.is_signed_in {
            return;
        }
        let url = self.bench.assay.url("/auth/account");
        let account = someone.visitor.open(&url).await.page();
        let name = self.clients[client].name.clone();
        let form = account.forms().into_iter().find(|form| {
            form.action.path() == "/auth/account/access/withdraw"
                && form.fields.contains(&("client".to_owned(), name.clone()))
        });
        let has_access = self
            .families
            .iter()
            .any(|family| family.is_alive && family.person == person && family.client == client);
        let Some(form) = form else {
            assert!(!has_access, "{name} has access that is not shown");
            return;
        };
        someone.visitor.submit(&form).await.page();
        self.end(End::Access { person, client });
    }

    async fn disable(&mut self, person: usize) {
        let someone = &mut self.people[person];
        someone.is_disabled ^= true;
        let state = if someone.is_disabled {
            "disabled"
        } else {
            "active"
        };
        let path = format!("/{}", someone.id);
        admin(self.bench, Method::PATCH, &path, &json!({ "state": state })).await;
        if self.people[person].is_disabled {
            self.people[person].is_signed_in = false;
            self.end(End::Person(person));
        }
    }

    async fn change_password(&mut self, person: usize) {
        let someone = &mut self.people[person];
        someone.user.password.push_str(" again");
        let path = format!("/{}/password", someone.id);
        let body = json!({ "password": someone.user.password });
        admin(self.bench, Method::PUT, &path, &body).await;
        self.people[person].is_signed_in = false;
        self.end(End::Person(person));
    }

    /// Every family, at every endpoint.
    pub(super) async fn check_all(&self) {
        for number in 0..self.families.len() {
            self.check(number).await;
        }
    }

    async fn check(&self, number: usize) {
        let family = &self.families[number];
        let client = &self.clients[family.client].relying_party;
        for (token, is_active) in family.tokens() {
            if self.client_of(number).is_some() {
                let said = client
                    .post("introspection_endpoint", &[("token", token)])
                    .await
                    .expect_status(200)
                    .json();
                assert_eq!(said["active"], is_active, "family {number}: {said:#}");
            }
        }
        for token in &family.access_tokens {
            let expected = if family.is_alive { 200 } else { 401 };
            client.userinfo(token).await.expect_status(expected);
        }
    }
}

/// Keeps what was given, or sees that nothing was.
fn take(family: &mut Family, reply: Reply, has_tokens: bool) {
    if !has_tokens {
        reply.expect_error("invalid_grant");
        return;
    }
    let Tokens {
        access_token,
        refresh_token,
        ..
    } = reply.tokens();
    let refresh_token = refresh_token.expect("a refresh token");
    assert!(!family.refresh_tokens.contains(&refresh_token));
    family.access_tokens.push(access_token);
    family.refresh_tokens.push(refresh_token);
}

async fn admin(bench: &Bench, method: Method, path: &str, body: &Value) -> Value {
    let path = format!("/auth/admin/auth/users{path}");
    let request = bench
        .assay
        .admin(method, &path)
        .header("content-type", "application/json")
        .body(body.to_string());
    let reply = Reply::to(request).await;
    assert!(reply.status.is_success(), "{reply:#?}");
    serde_json::from_str(&reply.body).unwrap_or_default()
}
