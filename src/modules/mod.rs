//! The parts of the product that can be switched on and off, one folder each.
//!
//! A module is a value in [`MODULES`]: its name, the paths that are its own, its routes and its
//! background tasks. A module that is off has no routes, and its paths say so.

pub mod account;
pub mod admin;
pub mod attempts;
pub mod audit;
pub mod authorization;
pub mod biscuit;
pub mod body;
mod client_certificate;
pub mod confirmation;
pub mod form;
pub mod hooks;
pub mod jwt;
mod lanes;
mod machine;
pub mod mail;
pub mod oidc_client;
pub mod oidc_provider;
pub mod pages;
pub mod parameters;
pub mod passkey;
pub mod password;
pub mod prepared;
pub mod problem;
mod reaping;
pub mod second_factor;
pub mod session;
pub mod sign_in;
mod site;
mod turns;
pub mod user;
pub mod zanzibar;

use std::sync::Arc;

use assay_reconciler::spec::{ModuleName, admin_key::KeyHash};
use axum::Router;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use self::{
    biscuit::Biscuits, hooks::WebhookDeliveries, mail::Mails, oidc_provider::LogoutNotices,
    pages::Theme, session::Places, zanzibar::Tuples,
};
pub use self::{
    client_certificate::{ClientCertificate, MutualTls},
    machine::{NotOnThisMachine, check_on_this_machine},
    problem::Problem,
    site::Site,
};
use crate::{
    clock::Clock,
    crypto::{CpuPool, Keyring, password::Passwords},
    generation::{Engine, Publisher, Snapshot},
    outgoing::Outgoing,
    store::Store,
};

/// What a module is given. A clone is a handful of reference counts.
///
/// It belongs to one generation: handlers have it as their state, so a request sees one
/// configuration from beginning to end.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// Keys that seal what is stored.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Clock,
    /// Changes the configuration.
    pub engine: Engine,
    /// The configuration of this generation.
    pub snapshot: Arc<Snapshot>,
    /// Tells when a change is served.
    pub publisher: Arc<Publisher>,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// Does what keeps a core busy: signatures.
    pub cpu: CpuPool,
    /// Asks the servers of others.
    pub outgoing: Outgoing,
    /// Clients that are to be told of ended sessions.
    pub logout_notices: Arc<LogoutNotices>,
    /// Letters that are to be sent.
    pub mails: Arc<Mails>,
    /// Webhooks that are to be told what has happened.
    pub webhook_deliveries: Arc<WebhookDeliveries>,
    /// Where addresses are, for people to know their sessions by.
    pub places: Arc<Places>,
    /// Who has which relation to what.
    pub tuples: Arc<Tuples>,
    /// Which biscuits were revoked, and which were seen.
    pub biscuits: Arc<Biscuits>,
    /// What pages look like in this generation.
    pub theme: Arc<Theme>,
    /// Where this server is reached.
    pub site: Arc<Site>,
    /// Hashes of the admin keys in `engine.toml`, which have every permission.
    pub boot_admin_keys: Arc<[KeyHash]>,
}

impl Context {
    /// Moves on to another generation.
    pub fn turn_to(&mut self, snapshot: &Arc<Snapshot>) {
        self.theme = Arc::new(Theme::of(snapshot));
        self.snapshot = Arc::clone(snapshot);
    }
}

/// A part of the product that can be switched on and off.
pub struct Module {
    /// Its name.
    pub name: ModuleName,
    /// Paths that belong to it, and all that lies under them: they answer 404 with a problem document
    /// of kind `module-disabled` when it is off. Where two modules match, the longer path wins.
    pub paths: &'static [&'static str],
    /// Its routes in one generation. Called again for each, so it may prepare what does not change
    /// within a generation.
    pub routes: fn(&Context) -> Router,
    /// Its background tasks. They are started with the module, told to end when it is switched off or
    /// its settings change, and waited for.
    pub tasks: fn(&Context, CancellationToken) -> Vec<BoxFuture<'static, ()>>,
}

/// Every module there is.
pub static MODULES: [Module; 11] = [
    Module {
        name: ModuleName::Session,
        paths: &[],
        routes: session::routes,
        tasks: session::tasks,
    },
    Module {
        name: ModuleName::Account,
        paths: &[
            session::ACCOUNT_PATH,
            account::registration::REGISTER_PATH,
            account::recovery::RECOVER_PATH,
        ],
        routes: account::routes,
        tasks: account::tasks,
    },
    Module {
        name: ModuleName::Mail,
        paths: &[],
        routes: |_| Router::new(),
        tasks: mail::tasks,
    },
    Module {
        name: ModuleName::Jwt,
        paths: &["/.well-known/jwks.json"],
        routes: jwt::routes,
        tasks: jwt::tasks,
    },
    Module {
        name: ModuleName::Biscuit,
        paths: &[biscuit::PATH],
        routes: biscuit::routes,
        tasks: biscuit::tasks,
    },
    Module {
        name: ModuleName::Password,
        paths: &[sign_in::LOGIN_PATH, password::CHANGE_PATH],
        routes: password::routes,
        tasks: |_, _| Vec::new(),
    },
    Module {
        name: ModuleName::OidcClient,
        paths: &[oidc_client::PATH, oidc_client::LINKED_PATH],
        routes: oidc_client::routes,
        tasks: oidc_client::tasks,
    },
    Module {
        name: ModuleName::Passkey,
        paths: &["/.well-known/webauthn", passkey::PAGE_PATH, "/auth/passkey"],
        routes: passkey::routes,
        tasks: passkey::tasks,
    },
    Module {
        name: ModuleName::OidcProvider,
        paths: &[
            "/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration",
            "/auth/.well-known/openid-configuration",
            "/auth/authorize",
            "/auth/consent",
            "/auth/device",
            "/auth/logout",
            "/auth/oauth2",
            "/auth/select-account",
            "/auth/token",
            "/auth/userinfo",
        ],
        routes: oidc_provider::routes,
        tasks: oidc_provider::tasks,
    },
    Module {
        name: ModuleName::Zanzibar,
        paths: &[
            zanzibar::PATH,
            zanzibar::AUTHZEN_PATHS[0],
            zanzibar::AUTHZEN_PATHS[1],
        ],
        routes: zanzibar::routes,
        tasks: zanzibar::tasks,
    },
    Module {
        name: ModuleName::Admin,
        paths: &[admin::PATH, admin::scim::PATH],
        routes: admin::routes,
        tasks: |_, _| Vec::new(),
    },
];
