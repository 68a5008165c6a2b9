//! Kind `Module`: the parts of the product that can be switched on and off, and their settings.

mod account;
mod attribute_schema;
mod biscuit;
mod deletion;
mod mail;
mod notices;
mod oidc_client;
mod passkey;
mod password;
mod profile;
mod registration;
mod zanzibar;

use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, MapAccess, Visitor},
};
use serde_json::Value;

pub use self::{
    account::{AccountSettings, SecondFactorPolicy, SecondFactorSettings, Verification},
    attribute_schema::{AttributeSchema, MAX_MISFITS, Misfit, NotAnAttributeSchema},
    biscuit::{BiscuitGrant, BiscuitSettings},
    deletion::DeletionSettings,
    mail::{MailSettings, Smtp, SmtpSecurity, mailbox},
    notices::NoticeSettings,
    oidc_client::OidcClientSettings,
    passkey::{PasskeySettings, UserVerification},
    password::{PasswordPolicy, PasswordSettings, SignInLimit, SignInLimits},
    profile::{ProfileField, ProfileSettings},
    registration::{RegistrationMode, RegistrationSettings},
    zanzibar::ZanzibarSettings,
};
use super::{SigningAlgorithm, Span, oidc_client::ClientRegistration};

/// The name of a module.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ModuleName {
    /// Browser sessions. Always on.
    Session,
    /// Where people look after their own account. Always on.
    Account,
    /// Letters to people. Always on.
    Mail,
    /// Sign-in with e-mail and password.
    Password,
    /// Signing keys and signed tokens. Always on.
    Jwt,
    /// Sign-in with an upstream provider.
    OidcClient,
    /// The OpenID Provider.
    OidcProvider,
    /// Sign-in with a passkey.
    Passkey,
    /// Permissions.
    Zanzibar,
    /// Capability tokens. Always on.
    Biscuit,
    /// The admin API. Always on.
    Admin,
    /// The admin console.
    Console,
}

impl ModuleName {
    /// Every module, what others require first.
    pub const ALL: [ModuleName; 12] = [
        ModuleName::Session,
        ModuleName::Account,
        ModuleName::Mail,
        ModuleName::Jwt,
        ModuleName::Biscuit,
        ModuleName::Admin,
        ModuleName::Password,
        ModuleName::Passkey,
        ModuleName::OidcClient,
        ModuleName::OidcProvider,
        ModuleName::Zanzibar,
        ModuleName::Console,
    ];

    /// The name in manifests and commands.
    pub const fn name(self) -> &'static str {
        match self {
            ModuleName::Session => "session",
            ModuleName::Account => "account",
            ModuleName::Mail => "mail",
            ModuleName::Password => "password",
            ModuleName::Jwt => "jwt",
            ModuleName::OidcClient => "oidc_client",
            ModuleName::OidcProvider => "oidc_provider",
            ModuleName::Passkey => "passkey",
            ModuleName::Zanzibar => "zanzibar",
            ModuleName::Biscuit => "biscuit",
            ModuleName::Admin => "admin",
            ModuleName::Console => "console",
        }
    }

    /// What must be on for this module to be on.
    pub const fn requires(self) -> &'static [ModuleName] {
        match self {
            ModuleName::Account
            | ModuleName::Password
            | ModuleName::Passkey
            | ModuleName::OidcClient => &[ModuleName::Session],
            ModuleName::OidcProvider => &[ModuleName::Session, ModuleName::Jwt],
            ModuleName::Console => &[ModuleName::Admin, ModuleName::Session],
            ModuleName::Session
            | ModuleName::Mail
            | ModuleName::Jwt
            | ModuleName::Zanzibar
            | ModuleName::Biscuit
            | ModuleName::Admin => &[],
        }
    }

    /// Whether it cannot be switched off.
    pub const fn is_always_on(self) -> bool {
        matches!(
            self,
            ModuleName::Session
                | ModuleName::Account
                | ModuleName::Mail
                | ModuleName::Jwt
                | ModuleName::Biscuit
                | ModuleName::Admin
        )
    }

    /// The settings that hold when nobody sets any.
    pub fn default_settings(self) -> ModuleSettings {
        match self {
            ModuleName::Session => ModuleSettings::Session(SessionSettings::default()),
            ModuleName::Account => ModuleSettings::Account(AccountSettings::default()),
            ModuleName::Mail => ModuleSettings::Mail(MailSettings::default()),
            ModuleName::Password => ModuleSettings::Password(PasswordSettings::default()),
            ModuleName::Jwt => ModuleSettings::Jwt(JwtSettings::default()),
            ModuleName::OidcClient => ModuleSettings::OidcClient(OidcClientSettings::default()),
            ModuleName::OidcProvider => {
                ModuleSettings::OidcProvider(OidcProviderSettings::default())
            }
            ModuleName::Passkey => ModuleSettings::Passkey(PasskeySettings::default()),
            ModuleName::Zanzibar => ModuleSettings::Zanzibar(ZanzibarSettings::default()),
            ModuleName::Biscuit => ModuleSettings::Biscuit(BiscuitSettings::default()),
            ModuleName::Admin => ModuleSettings::Admin(NoSettings {}),
            ModuleName::Console => ModuleSettings::Console(NoSettings {}),
        }
    }

    /// Reads settings; what is left out has its default.
    pub fn decode_settings<'de, D: Deserializer<'de>>(
        self,
        settings: D,
    ) -> Result<ModuleSettings, D::Error> {
        use ModuleSettings as Settings;
        Ok(match self {
            ModuleName::Session => Settings::Session(Deserialize::deserialize(settings)?),
            ModuleName::Account => Settings::Account(Deserialize::deserialize(settings)?),
            ModuleName::Mail => Settings::Mail(Deserialize::deserialize(settings)?),
            ModuleName::Password => Settings::Password(Deserialize::deserialize(settings)?),
            ModuleName::Jwt => Settings::Jwt(Deserialize::deserialize(settings)?),
            ModuleName::OidcClient => Settings::OidcClient(Deserialize::deserialize(settings)?),
            ModuleName::OidcProvider => Settings::OidcProvider(Deserialize::deserialize(settings)?),
            ModuleName::Passkey => Settings::Passkey(Deserialize::deserialize(settings)?),
            ModuleName::Zanzibar => Settings::Zanzibar(Deserialize::deserialize(settings)?),
            ModuleName::Biscuit => Settings::Biscuit(Deserialize::deserialize(settings)?),
            ModuleName::Admin => Settings::Admin(Deserialize::deserialize(settings)?),
            ModuleName::Console => Settings::Console(Deserialize::deserialize(settings)?),
        })
    }

    /// The JSON Schema of the module's settings.
    pub fn settings_schema(self, generator: &mut SchemaGenerator) -> Schema {
        match self {
            ModuleName::Session => generator.subschema_for::<SessionSettings>(),
            ModuleName::Account => generator.subschema_for::<AccountSettings>(),
            ModuleName::Mail => generator.subschema_for::<MailSettings>(),
            ModuleName::Password => generator.subschema_for::<PasswordSettings>(),
            ModuleName::Jwt => generator.subschema_for::<JwtSettings>(),
            ModuleName::OidcProvider => generator.subschema_for::<OidcProviderSettings>(),
            ModuleName::Passkey => generator.subschema_for::<PasskeySettings>(),
            ModuleName::OidcClient => generator.subschema_for::<OidcClientSettings>(),
            ModuleName::Zanzibar => generator.subschema_for::<ZanzibarSettings>(),
            ModuleName::Biscuit => generator.subschema_for::<BiscuitSettings>(),
            ModuleName::Admin | ModuleName::Console => generator.subschema_for::<NoSettings>(),
        }
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no module.
#[derive(Debug, thiserror::Error)]
#[error("unknown module `{0}`")]
pub struct UnknownModule(pub String);

impl FromStr for ModuleName {
    type Err = UnknownModule;

    fn from_str(text: &str) -> Result<Self, UnknownModule> {
        ModuleName::ALL
            .into_iter()
            .find(|module| module.name() == text)
            .ok_or_else(|| UnknownModule(text.to_owned()))
    }
}

/// Whether a module is on, and its settings. `metadata.name` names the module.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleSpec {
    /// Whether the module serves requests.
    pub enabled: bool,
    /// The module's own settings.
    pub settings: ModuleSettings,
}

/// What a manifest says of any module, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code)]
pub(crate) struct ModuleSpecText {
    /// Whether the module serves requests. A module that is off has no routes.
    #[serde(default = "yes")]
    enabled: bool,
    /// The module's own settings; which there are depends on `metadata.name`.
    #[serde(default)]
    settings: std::collections::BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

impl ModuleSpec {
    /// Reads the spec of the module `name`; what is left out has its default.
    pub fn decode<'de, D: Deserializer<'de>>(name: ModuleName, spec: D) -> Result<Self, D::Error> {
        spec.deserialize_map(SpecOf(name))
    }
}

/// Reads the spec of this module. By hand, because which settings there are depends on the name.
struct SpecOf(ModuleName);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum SpecField {
    Enabled,
    Settings,
}

impl<'de> Visitor<'de> for SpecOf {
    type Value = ModuleSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the spec of a module")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ModuleSpec, A::Error> {
        let mut spec = ModuleSpec {
            enabled: yes(),
            settings: self.0.default_settings(),
        };
        while let Some(field) = fields.next_key()? {
            match field {
                SpecField::Enabled => spec.enabled = fields.next_value()?,
                SpecField::Settings => {
                    spec.settings = fields.next_value_seed(SettingsOf(self.0))?;
                }
            }
        }
        Ok(spec)
    }
}

struct SettingsOf(ModuleName);

impl<'de> DeserializeSeed<'de> for SettingsOf {
    type Value = ModuleSettings;

    fn deserialize<D: Deserializer<'de>>(self, settings: D) -> Result<ModuleSettings, D::Error> {
        self.0.decode_settings(settings)
    }
}

/// The settings of one module.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum ModuleSettings {
    Session(SessionSettings),
    Account(AccountSettings),
    Mail(MailSettings),
    Password(PasswordSettings),
    Jwt(JwtSettings),
    OidcClient(OidcClientSettings),
    OidcProvider(OidcProviderSettings),
    Passkey(PasskeySettings),
    Zanzibar(ZanzibarSettings),
    Biscuit(BiscuitSettings),
    Admin(NoSettings),
    Console(NoSettings),
}

/// A module without settings.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Settings of `session`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionSettings {
    /// How long a sign-in lasts.
    pub ttl: Span,
    /// How long ago a person may have proved who they are to change how their account is got into.
    pub recent_sign_in: Span,
    /// A file on each server that says where addresses are, in the MaxMind DB format: GeoLite2-City,
    /// GeoLite2-Country, DB-IP. People see the places of their sessions by it. It is held in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_database: Option<String>,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            ttl: Span::days(30),
            recent_sign_in: Span::minutes(15),
            place_database: None,
        }
    }
}

/// Settings of `jwt`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JwtSettings {
    /// The algorithms a signing key is kept for. `RS256` is always among them, because every
    /// relying party can verify it (OpenID Connect Core 15.1).
    pub algorithms: BTreeSet<SigningAlgorithm>,
    /// How long a key signs before the next one takes its place.
    pub rotate_every: Span,
    /// How long the next key stands in the JWKS before it signs, so that relying parties know it by
    /// then.
    pub publish_ahead: Span,
    /// How long a retired key stays in the JWKS. No token may outlive it.
    pub retired_key_ttl: Span,
}

impl Default for JwtSettings {
    fn default() -> Self {
        Self {
            algorithms: BTreeSet::from([SigningAlgorithm::Rs256]),
            rotate_every: Span::days(90),
            publish_ahead: Span::days(1),
            retired_key_ttl: Span::days(7),
        }
    }
}

/// Settings of `oidc_provider`: lifetimes for clients that set none of their own.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OidcProviderSettings {
    /// Lifetime of access tokens.
    pub access_token_ttl: Span,
    /// Lifetime of ID tokens.
    pub id_token_ttl: Span,
    /// Lifetime of a refresh token from its last use.
    pub refresh_token_ttl: Span,
    /// Lifetime of an authorization code.
    pub authorization_code_ttl: Span,
    /// Private networks, as in `10.1.0.0/16`, that the addresses of clients (`jwksUri`,
    /// `backchannelLogoutUri`) may lie in. All others are refused; `127.0.0.0/8` allows the server's own
    /// machine.
    #[schemars(with = "BTreeSet<NetworkText>")]
    pub allowed_private_networks: BTreeSet<IpNet>,
    /// How long a person has to type the code that a device shows (RFC 8628).
    pub device_code_ttl: Span,
    /// Demand the server's own nonce in every DPoP proof (RFC 9449 8), so that none can be made ahead.
    /// Clients then need a second request now and then.
    pub require_dpop_nonce: bool,
    /// Let clients register themselves (RFC 7591). They cannot, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_registration: Option<ClientRegistration>,
}

/// How a network is written. The schema that comes with [`IpNet`] takes an IPv4 network for an IPv6
/// one as well, and then refuses it for being both.
pub(super) struct NetworkText;

impl JsonSchema for NetworkText {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Network")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$",
            "description": "An IPv4 or IPv6 network with the length of its prefix, as in `10.1.0.0/16`."
        })
    }
}

impl Default for OidcProviderSettings {
    fn default() -> Self {
        Self {
            access_token_ttl: Span::minutes(10),
            id_token_ttl: Span::minutes(10),
            refresh_token_ttl: Span::days(30),
            authorization_code_ttl: Span::seconds(60),
            allowed_private_networks: BTreeSet::new(),
            device_code_ttl: Span::minutes(10),
            require_dpop_nonce: false,
            client_registration: None,
        }
    }
}
