//! Everything hot of one generation, in memory. A request is served from one snapshot to its end.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use assay_reconciler::{
    diff::Generation,
    spec::{
        AdminKeySpec, LetterKind, MailTemplateSpec, ModuleName, ModuleSettings, ModuleSpec,
        OidcClientSpec, ScopeSpec, ThemeSpec, UpstreamProviderSpec, WebUri, WebhookSpec,
        ZanzibarNamespaceSpec,
        admin_key::KeyHash,
        module::{
            AccountSettings, BiscuitSettings, JwtSettings, MailSettings, OidcClientSettings,
            OidcProviderSettings, PasskeySettings, PasswordSettings, SessionSettings,
            ZanzibarSettings,
        },
        webhook::WebhookEvent,
    },
};

use super::{root_keys::RootKeys, signing_keys::SigningKeys};

/// A relying party.
#[derive(Clone, Debug)]
pub struct Client {
    /// `oidc_clients.id`: survives a rename; what tokens and consents hang on.
    pub uid: String,
    /// The `client_id`.
    pub name: String,
    /// Whether nobody here wrote its manifest: it registered itself (RFC 7591).
    pub registered_itself: bool,
    /// What the manifest says.
    pub spec: OidcClientSpec,
}

impl Client {
    /// What people know it by.
    pub fn shown_name(&self) -> &str {
        self.spec.display_name.as_deref().unwrap_or(&self.name)
    }

    /// Its picture.
    pub fn logo(&self) -> Option<&str> {
        self.spec.logo_uri.as_ref().map(WebUri::as_str)
    }
}

/// What is configured, as the manifest of one kind says it.
#[derive(Clone, Debug)]
pub struct Configured<S> {
    /// The id in the table of the kind: survives a rename.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// What the manifest says; secrets are sealed.
    pub spec: S,
}

/// A key to the admin API.
pub type AdminKey = Configured<AdminKeySpec>;
/// An identity provider that people may sign in with.
pub type Upstream = Configured<UpstreamProviderSpec>;
/// A type of object with its relations and permissions.
pub type Namespace = Configured<ZanzibarNamespaceSpec>;
/// What a client may ask a person for; its name is the value of `scope`.
pub type DeclaredScope = Configured<ScopeSpec>;
/// A service that is told what happens, or asked before it does.
pub type Webhook = Configured<WebhookSpec>;
/// The words of a letter, in the place of ours.
pub type MailTemplate = Configured<MailTemplateSpec>;
/// A look of the pages that people see.
pub type NamedTheme = Configured<ThemeSpec>;

/// What has a name, and an id that outlives it.
pub(super) trait Named {
    fn uid(&self) -> &str;
    fn name(&self) -> &str;
}

impl Named for Client {
    fn uid(&self) -> &str {
        &self.uid
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl<S> Named for Configured<S> {
    fn uid(&self) -> &str {
        &self.uid
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// Objects of one kind, found by name and by id. A clone shares the objects.
#[derive(Debug)]
pub(super) struct Index<T> {
    pub(super) by_name: HashMap<Arc<str>, Arc<T>>,
    pub(super) by_uid: HashMap<Arc<str>, Arc<T>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            by_name: HashMap::new(),
            by_uid: HashMap::new(),
        }
    }
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        Self {
            by_name: self.by_name.clone(),
            by_uid: self.by_uid.clone(),
        }
    }
}

impl<T: Named> Index<T> {
    pub(super) fn insert(&mut self, object: T) {
        let object = Arc::new(object);
        self.by_name
            .insert(Arc::from(object.name()), Arc::clone(&object));
        self.by_uid.insert(Arc::from(object.uid()), object);
    }

    pub(super) fn remove(&mut self, uid: &str) {
        if let Some(object) = self.by_uid.remove(uid) {
            self.by_name.remove(object.name());
        }
    }

    fn sorted(&self) -> Vec<&Arc<T>> {
        let mut all: Vec<&Arc<T>> = self.by_name.values().collect();
        all.sort_unstable_by_key(|object| object.name());
        all
    }
}

/// The configuration of one generation and the signing keys, ready for use.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Which configuration it is.
    pub generation: Generation,
    /// Counts changes of the signing keys, which are no part of the configuration.
    pub keys_revision: i64,
    /// Counts changes of the keys that sign biscuits.
    pub root_keys_revision: i64,
    pub(super) clients: Arc<Index<Client>>,
    pub(super) admin_keys: Arc<Index<AdminKey>>,
    pub(super) admin_keys_by_hash: HashMap<KeyHash, Arc<AdminKey>>,
    pub(super) upstreams: Arc<Index<Upstream>>,
    pub(super) themes: Arc<Index<NamedTheme>>,
    pub(super) scopes: Arc<Index<DeclaredScope>>,
    pub(super) webhooks: Arc<Index<Webhook>>,
    pub(super) mail_templates: Arc<Index<MailTemplate>>,
    pub(super) namespaces: Arc<Index<Namespace>>,
    /// What the database says of modules, by id, as a module may be unknown to it.
    pub(super) module_rows: HashMap<String, (ModuleName, ModuleSpec)>,
    pub(super) modules: Modules,
    pub(super) signing_keys: Arc<SigningKeys>,
    pub(super) root_keys: Arc<RootKeys>,
}

impl Snapshot {
    /// The client of this `client_id`.
    pub fn client(&self, client_id: &str) -> Option<&Arc<Client>> {
        self.clients.by_name.get(client_id)
    }

    /// The client that rows refer to by `client_uid`.
    pub fn client_by_uid(&self, uid: &str) -> Option<&Arc<Client>> {
        self.clients.by_uid.get(uid)
    }

    /// Every client, by name.
    pub fn clients(&self) -> Vec<&Arc<Client>> {
        self.clients.sorted()
    }

    /// The admin key with this hash.
    pub fn admin_key(&self, hash: &KeyHash) -> Option<&Arc<AdminKey>> {
        self.admin_keys_by_hash.get(hash)
    }

    /// Every admin key, by name.
    pub fn admin_keys(&self) -> Vec<&Arc<AdminKey>> {
        self.admin_keys.sorted()
    }

    /// The upstream provider of this name.
    pub fn upstream(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.by_name.get(name)
    }

    /// The upstream provider that rows refer to by `upstream_id`.
    pub fn upstream_by_uid(&self, uid: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.by_uid.get(uid)
    }

    /// Every upstream provider, by name.
    pub fn upstreams(&self) -> Vec<&Arc<Upstream>> {
        self.upstreams.sorted()
    }

    /// The theme of this name.
    pub fn theme(&self, name: &str) -> Option<&Arc<NamedTheme>> {
        self.themes.by_name.get(name)
    }

    /// The scope, if a manifest declares it.
    pub fn scope(&self, name: &str) -> Option<&Arc<DeclaredScope>> {
        self.scopes.by_name.get(name)
    }

    /// Every scope that a manifest declares, by name.
    pub fn scopes(&self) -> Vec<&Arc<DeclaredScope>> {
        self.scopes.sorted()
    }

    /// The webhook that rows refer to by `webhook_uid`.
    pub fn webhook_by_uid(&self, uid: &str) -> Option<&Arc<Webhook>> {
        self.webhooks.by_uid.get(uid)
    }

    /// The webhooks that are told or asked of this, by name.
    pub fn webhooks_of(&self, event: WebhookEvent) -> Vec<&Arc<Webhook>> {
        if self.webhooks.by_uid.is_empty() {
            return Vec::new();
        }
        let mut all = self.webhooks.sorted();
        all.retain(|webhook| webhook.spec.enabled && webhook.spec.events.contains(&event));
        all
    }

    /// The operator's words of a letter: those for the language, else those for every language; `None`
    /// if there are neither.
    pub fn mail_template(&self, letter: LetterKind, language: &str) -> Option<&Arc<MailTemplate>> {
        let templates = &self.mail_templates.by_name;
        let name = letter.name();
        templates
            .get(format!("{name}.{language}").as_str())
            .or_else(|| templates.get(name))
    }

    /// The namespace of this name.
    pub fn namespace(&self, name: &str) -> Option<&Arc<Namespace>> {
        self.namespaces.by_name.get(name)
    }

    /// Every namespace, by name.
    pub fn namespaces(&self) -> Vec<&Arc<Namespace>> {
        self.namespaces.sorted()
    }

    /// What holds for a module, whether or not anybody said anything about it.
    pub fn module(&self, name: ModuleName) -> &ModuleSpec {
        self.modules.get(name)
    }

    /// Whether a module is on.
    pub fn is_on(&self, name: ModuleName) -> bool {
        self.module(name).enabled
    }

    /// Settings of `session`.
    pub fn session_settings(&self) -> &SessionSettings {
        static DEFAULT: LazyLock<SessionSettings> = LazyLock::new(Default::default);
        match &self.module(ModuleName::Session).settings {
            ModuleSettings::Session(settings) => settings,
            _ => &DEFAULT,
        }
    }

    /// Settings of `account`.
    pub fn account_settings(&self) -> AccountSettings {
        match &self.module(ModuleName::Account).settings {
            ModuleSettings::Account(settings) => settings.clone(),
            _ => AccountSettings::default(),
        }
    }

    /// Settings of `mail`.
    pub fn mail_settings(&self) -> &MailSettings {
        static DEFAULT: LazyLock<MailSettings> = LazyLock::new(Default::default);
        match &self.module(ModuleName::Mail).settings {
            ModuleSettings::Mail(settings) => settings,
            _ => &DEFAULT,
        }
    }

    /// Settings of `password`.
    pub fn password_settings(&self) -> PasswordSettings {
        match &self.module(ModuleName::Password).settings {
            ModuleSettings::Password(settings) => settings.clone(),
            _ => PasswordSettings::default(),
        }
    }

    /// Settings of `jwt`.
    pub fn jwt_settings(&self) -> JwtSettings {
        match &self.module(ModuleName::Jwt).settings {
            ModuleSettings::Jwt(settings) => settings.clone(),
            _ => JwtSettings::default(),
        }
    }

    /// Settings of `biscuit`.
    pub fn biscuit_settings(&self) -> &BiscuitSettings {
        static DEFAULT: LazyLock<BiscuitSettings> = LazyLock::new(Default::default);
        match &self.module(ModuleName::Biscuit).settings {
            ModuleSettings::Biscuit(settings) => settings,
            _ => &DEFAULT,
        }
    }

    /// Settings of `oidc_provider`.
    pub fn oidc_provider_settings(&self) -> &OidcProviderSettings {
        static DEFAULT: LazyLock<OidcProviderSettings> = LazyLock::new(Default::default);
        match &self.module(ModuleName::OidcProvider).settings {
            ModuleSettings::OidcProvider(settings) => settings,
            _ => &DEFAULT,
        }
    }

    /// Settings of `oidc_client`.
    pub fn oidc_client_settings(&self) -> &OidcClientSettings {
        static DEFAULT: LazyLock<OidcClientSettings> = LazyLock::new(Default::default);
        match &self.module(ModuleName::OidcClient).settings {
            ModuleSettings::OidcClient(settings) => settings,
            _ => &DEFAULT,
        }
    }

    /// Settings of `passkey`.
    pub fn passkey_settings(&self) -> PasskeySettings {
        match &self.module(ModuleName::Passkey).settings {
            ModuleSettings::Passkey(settings) => settings.clone(),
            _ => PasskeySettings::default(),
        }
    }

    /// Settings of `zanzibar`.
    pub fn zanzibar_settings(&self) -> ZanzibarSettings {
        match &self.module(ModuleName::Zanzibar).settings {
            ModuleSettings::Zanzibar(settings) => settings.clone(),
            _ => ZanzibarSettings::default(),
        }
    }

    /// The keys that sign and verify tokens.
    pub fn signing_keys(&self) -> &Arc<SigningKeys> {
        &self.signing_keys
    }

    /// The keys that sign and verify biscuits.
    pub fn root_keys(&self) -> &Arc<RootKeys> {
        &self.root_keys
    }
}

/// What holds for every module.
#[derive(Clone, Debug)]
pub(super) struct Modules(Vec<ModuleSpec>);

impl Modules {
    /// A module that no row speaks of is off with default settings, unless it cannot be off.
    pub(super) fn effective<'a>(rows: impl Iterator<Item = &'a (ModuleName, ModuleSpec)>) -> Self {
        let mut rows: HashMap<ModuleName, &ModuleSpec> =
            rows.map(|(name, spec)| (*name, spec)).collect();
        let spec = |name: ModuleName| {
            let mut spec = rows.remove(&name).cloned().unwrap_or_else(|| ModuleSpec {
                enabled: false,
                settings: name.default_settings(),
            });
            spec.enabled |= name.is_always_on();
            spec
        };
        Self(ModuleName::ALL.into_iter().map(spec).collect())
    }

    fn get(&self, name: ModuleName) -> &ModuleSpec {
        // `effective` made one for each, in this order.
        let position = ModuleName::ALL.iter().position(|each| *each == name);
        &self.0[position.unwrap_or_default()]
    }
}
