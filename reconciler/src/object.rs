//! Configuration objects: what a manifest says, once it is read.

use std::{collections::BTreeMap, fmt};

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    kind::{API_VERSION, Kind, UnknownKind},
    secret::{SecretError, SecretSealer, SecretSource},
    spec::{
        AdminKeySpec, MailTemplateSpec, ModuleName, ModuleSettings, ModuleSpec, OidcClientSpec,
        ScopeSpec, ThemeSpec, UpstreamProviderSpec, WebhookSpec, ZanzibarNamespaceSpec,
        oidc_client::ClientAuthMethod, upstream_provider::SIGNED_SECRET_KEY,
    },
};

/// The annotation that renames an object instead of making a new one.
pub const MOVED_FROM: &str = "assay/moved-from";

/// What every manifest says about itself.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The name, unique among the manifests of its kind.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// For selecting objects.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// For tools and people. `assay/moved-from: OLD` renames an object.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// The spec of an object of any kind.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Spec {
    Module(ModuleSpec),
    ZanzibarNamespace(ZanzibarNamespaceSpec),
    AdminKey(AdminKeySpec),
    UpstreamProvider(Box<UpstreamProviderSpec>),
    Theme(Box<ThemeSpec>),
    Scope(ScopeSpec),
    Webhook(Box<WebhookSpec>),
    MailTemplate(MailTemplateSpec),
    OidcClient(Box<OidcClientSpec>),
}

impl Spec {
    /// Which kind it is the spec of.
    pub const fn kind(&self) -> Kind {
        match self {
            Spec::Module(_) => Kind::Module,
            Spec::ZanzibarNamespace(_) => Kind::ZanzibarNamespace,
            Spec::AdminKey(_) => Kind::AdminKey,
            Spec::UpstreamProvider(_) => Kind::UpstreamProvider,
            Spec::Theme(_) => Kind::Theme,
            Spec::Scope(_) => Kind::Scope,
            Spec::Webhook(_) => Kind::Webhook,
            Spec::MailTemplate(_) => Kind::MailTemplate,
            Spec::OidcClient(_) => Kind::OidcClient,
        }
    }

    /// Reads the spec of the object `name`; what is left out has its default.
    pub fn decode<'de, D: Deserializer<'de>>(
        kind: Kind,
        name: &str,
        spec: D,
    ) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        Ok(match kind {
            Kind::Module => {
                let module: ModuleName = name.parse().map_err(D::Error::custom)?;
                Spec::Module(ModuleSpec::decode(module, spec)?)
            }
            Kind::ZanzibarNamespace => Spec::ZanzibarNamespace(Deserialize::deserialize(spec)?),
            Kind::AdminKey => Spec::AdminKey(Deserialize::deserialize(spec)?),
            Kind::UpstreamProvider => Spec::UpstreamProvider(Deserialize::deserialize(spec)?),
            Kind::Theme => Spec::Theme(Deserialize::deserialize(spec)?),
            Kind::Scope => Spec::Scope(Deserialize::deserialize(spec)?),
            Kind::Webhook => Spec::Webhook(Deserialize::deserialize(spec)?),
            Kind::MailTemplate => Spec::MailTemplate(Deserialize::deserialize(spec)?),
            Kind::OidcClient => Spec::OidcClient(Deserialize::deserialize(spec)?),
        })
    }

    /// What a manifest of the kind must say at the least, as JSON.
    pub(crate) fn least(kind: Kind) -> Value {
        match kind {
            Kind::UpstreamProvider => {
                json!({ "issuer": "https://invalid.invalid", "clientId": "x" })
            }
            Kind::Webhook => json!({
                "url": "https://invalid.invalid",
                "secret": { "fromEnv": "X" },
                "events": ["sign_in.after"],
            }),
            Kind::MailTemplate => json!({ "subject": "x", "text": "x" }),
            Kind::AdminKey => json!({ "hash": format!("sha256:{:064}", 0) }),
            Kind::Module
            | Kind::ZanzibarNamespace
            | Kind::Theme
            | Kind::Scope
            | Kind::OidcClient => json!({}),
        }
    }

    /// The secrets in it, each with the JSON pointer within `spec`.
    pub fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        match self {
            Spec::OidcClient(client) => {
                let current = client.client_secret.as_mut().map(|s| ("/clientSecret", s));
                let previous = client
                    .previous_client_secret
                    .as_mut()
                    .map(|p| ("/previousClientSecret/secret", &mut p.secret));
                current.into_iter().chain(previous).collect()
            }
            Spec::UpstreamProvider(upstream) => upstream.secrets_mut().collect(),
            Spec::Webhook(webhook) => vec![("/secret", &mut webhook.secret)],
            Spec::Module(ModuleSpec {
                settings: ModuleSettings::Mail(mail),
                ..
            }) => mail
                .smtp
                .as_mut()
                .and_then(|smtp| smtp.password.as_mut())
                .map(|s| ("/settings/smtp/password", s))
                .into_iter()
                .collect(),
            Spec::Module(_)
            | Spec::ZanzibarNamespace(_)
            | Spec::AdminKey(_)
            | Spec::Theme(_)
            | Spec::Scope(_)
            | Spec::MailTemplate(_) => Vec::new(),
        }
    }

    /// JSON pointers within `spec` whose values a diff must not show.
    pub const fn sensitive_pointers(&self) -> &'static [&'static str] {
        match self {
            Spec::OidcClient(_) => &["/clientSecret", "/previousClientSecret/secret"],
            Spec::UpstreamProvider(_) => &["/clientSecret", SIGNED_SECRET_KEY],
            Spec::Webhook(_) => &["/secret"],
            Spec::AdminKey(_) => &["/hash"],
            Spec::Module(ModuleSpec {
                settings: ModuleSettings::Mail(_),
                ..
            }) => &["/settings/smtp/password"],
            Spec::Module(_)
            | Spec::ZanzibarNamespace(_)
            | Spec::Theme(_)
            | Spec::Scope(_)
            | Spec::MailTemplate(_) => &[],
        }
    }
}

/// What identifies an object: the same kind and name is the same object.
#[derive(
    Clone, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct ObjectKey {
    /// The kind.
    pub kind: Kind,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// A configuration object with all defaults applied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// Name, labels, annotations.
    pub metadata: Metadata,
    /// What it is.
    pub spec: Spec,
}

/// An object in the form in which it is compared and stored.
#[derive(Serialize)]
struct Canonical<'a> {
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    spec: &'a Spec,
}

impl Object {
    /// Kind and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            kind: self.kind(),
            name: self.metadata.name.clone(),
        }
    }

    /// The kind.
    pub const fn kind(&self) -> Kind {
        self.spec.kind()
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The name the object had before, if its annotations say so.
    pub fn moved_from(&self) -> Option<&str> {
        self.metadata
            .annotations
            .get(MOVED_FROM)
            .map(String::as_str)
    }

    /// Whether both say the same, whatever their names.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.spec == other.spec
            && self.metadata.labels == other.metadata.labels
            && self.metadata.annotations == other.metadata.annotations
    }

    /// The canonical JSON of labels, annotations and spec: equal objects, equal text.
    ///
    /// # Errors
    /// Never for what was decoded; serialisation cannot fail on these types.
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Canonical {
            labels: &self.metadata.labels,
            annotations: &self.metadata.annotations,
            spec: &self.spec,
        })
    }

    /// Lower-case hex of the SHA-256 over [`Self::canonical`].
    ///
    /// # Errors
    /// As [`Self::canonical`].
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        let digest = Sha256::digest(self.canonical()?.as_bytes());
        Ok(hex(&digest))
    }

    /// Brings every secret into its stored form.
    ///
    /// # Errors
    /// A secret that was not read, or a hash where the secret must be recovered.
    pub fn seal_secrets(&mut self, sealer: &dyn SecretSealer) -> Result<(), SecretError> {
        match &mut self.spec {
            Spec::OidcClient(client) => {
                // An HMAC can only be checked with the secret itself.
                let is_recovered = client.auth_method() == ClientAuthMethod::ClientSecretJwt;
                let stored = |secret: SecretSource| {
                    if is_recovered {
                        secret.into_sealed(CLIENT_SECRET_PURPOSE, sealer)
                    } else {
                        secret.into_keyed_hash(sealer)
                    }
                };
                if let Some(secret) = client.client_secret.take() {
                    client.client_secret = Some(stored(secret)?);
                }
                if let Some(previous) = &mut client.previous_client_secret {
                    previous.secret = stored(previous.secret.clone())?;
                }
            }
            Spec::UpstreamProvider(upstream) => {
                for (_, secret) in upstream.secrets_mut() {
                    *secret = secret
                        .clone()
                        .into_sealed(UPSTREAM_SECRET_PURPOSE, sealer)?;
                }
            }
            Spec::Webhook(webhook) => {
                let secret = webhook.secret.clone();
                webhook.secret = secret.into_sealed(WEBHOOK_SECRET_PURPOSE, sealer)?;
            }
            Spec::Module(ModuleSpec {
                settings: ModuleSettings::Mail(mail),
                ..
            }) => {
                if let Some(smtp) = &mut mail.smtp
                    && let Some(secret) = smtp.password.take()
                {
                    smtp.password = Some(secret.into_sealed(MAIL_SECRET_PURPOSE, sealer)?);
                }
            }
            Spec::Module(_)
            | Spec::ZanzibarNamespace(_)
            | Spec::AdminKey(_)
            | Spec::Theme(_)
            | Spec::Scope(_)
            | Spec::MailTemplate(_) => {}
        }
        Ok(())
    }

    /// Reads a manifest from JSON; the counterpart of [`Self::to_manifest`]. What only validation
    /// can tell, such as references, is not looked at.
    ///
    /// # Errors
    /// The first thing in it that is not as it must be.
    pub fn from_manifest(manifest: Value) -> Result<Self, ManifestError> {
        let text: ManifestText = serde_json::from_value(manifest)?;
        if text.api_version != API_VERSION {
            return Err(ManifestError::ApiVersion(text.api_version));
        }
        let kind: Kind = text.kind.parse()?;
        let spec = Spec::decode(kind, &text.metadata.name, text.spec).map_err(|error| {
            let name = text.metadata.name.clone();
            ManifestError::Spec(ObjectKey { kind, name }, error)
        })?;
        Ok(Self {
            metadata: text.metadata,
            spec,
        })
    }

    /// The manifest that says this object.
    ///
    /// # Errors
    /// As [`Self::canonical`].
    pub fn to_manifest(&self) -> Result<Value, serde_json::Error> {
        Ok(serde_json::json!({
            "apiVersion": API_VERSION,
            "kind": self.kind().name(),
            "metadata": serde_json::to_value(&self.metadata)?,
            "spec": serde_json::to_value(&self.spec)?,
        }))
    }
}

/// A manifest before its kind has told what its spec is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ManifestText {
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
}

/// JSON that is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not even the frame.
    #[error("not a manifest: {0}")]
    Frame(#[from] serde_json::Error),
    /// A version to come.
    #[error("`apiVersion` is `{0}`; this version of assay reads `{API_VERSION}`")]
    ApiVersion(String),
    /// A kind to come.
    #[error(transparent)]
    Kind(#[from] UnknownKind),
    /// A spec that is not of its kind.
    #[error("{0}: {1}")]
    Spec(ObjectKey, serde_json::Error),
}

/// What the sealed secret of a client that authenticates by `client_secret_jwt` is bound to.
pub const CLIENT_SECRET_PURPOSE: &str = "oidc_client.client_secret";

/// What an upstream's sealed secrets are bound to.
pub const UPSTREAM_SECRET_PURPOSE: &str = "upstream_provider.client_secret";

/// What the sealed password at a mail server is bound to.
pub const MAIL_SECRET_PURPOSE: &str = "mail.smtp.password";

/// What the sealed secret of a webhook is bound to.
pub const WEBHOOK_SECRET_PURPOSE: &str = "webhook.secret";

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
