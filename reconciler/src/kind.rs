//! The kinds of manifest.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The only `apiVersion` there is.
pub const API_VERSION: &str = "assay/v1";

/// A kind of manifest, and so of configuration object.
///
/// The order is the order in which a plan lists and writes objects: what others refer to first.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum Kind {
    /// A part of the product that can be switched on and off.
    Module,
    /// A type of object with its relations and permissions.
    ZanzibarNamespace,
    /// A key to the admin API.
    AdminKey,
    /// An identity provider that people may sign in with.
    UpstreamProvider,
    /// What the pages that people see look like.
    Theme,
    /// What a client may ask a person for.
    Scope,
    /// A service that is told what happens, or asked before it does.
    Webhook,
    /// The words of a letter.
    MailTemplate,
    /// A relying party.
    OidcClient,
}

impl Kind {
    /// Every kind, in plan order.
    pub const ALL: [Kind; 9] = [
        Kind::Module,
        Kind::ZanzibarNamespace,
        Kind::AdminKey,
        Kind::UpstreamProvider,
        Kind::Theme,
        Kind::Scope,
        Kind::Webhook,
        Kind::MailTemplate,
        Kind::OidcClient,
    ];

    /// Whether a manifest may leave `spec` out, because all of it has a default.
    pub const fn has_optional_spec(self) -> bool {
        !matches!(
            self,
            Kind::AdminKey | Kind::UpstreamProvider | Kind::Webhook | Kind::MailTemplate
        )
    }

    /// The name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Module => "Module",
            Kind::ZanzibarNamespace => "ZanzibarNamespace",
            Kind::AdminKey => "AdminKey",
            Kind::UpstreamProvider => "UpstreamProvider",
            Kind::Theme => "Theme",
            Kind::Scope => "Scope",
            Kind::Webhook => "Webhook",
            Kind::MailTemplate => "MailTemplate",
            Kind::OidcClient => "OidcClient",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no kind.
#[derive(Debug, thiserror::Error)]
#[error("unknown kind `{0}`")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}
