//! How a client proves who it is.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::SecretSource;

/// How a client authenticates (OpenID Connect Core 9, RFC 8705).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// Id and secret in the `Authorization` header.
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A JWT keyed with the secret.
    ClientSecretJwt,
    /// A JWT signed with the client's private key.
    PrivateKeyJwt,
    /// A certificate from a known authority.
    TlsClientAuth,
    /// The certificate itself is known.
    SelfSignedTlsClientAuth,
    /// Not at all: a public client.
    None,
}

impl ClientAuthMethod {
    /// The name in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            ClientAuthMethod::ClientSecretBasic => "client_secret_basic",
            ClientAuthMethod::ClientSecretPost => "client_secret_post",
            ClientAuthMethod::ClientSecretJwt => "client_secret_jwt",
            ClientAuthMethod::PrivateKeyJwt => "private_key_jwt",
            ClientAuthMethod::TlsClientAuth => "tls_client_auth",
            ClientAuthMethod::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            ClientAuthMethod::None => "none",
        }
    }

    /// Whether it needs `clientSecret`.
    pub const fn uses_secret(self) -> bool {
        matches!(
            self,
            ClientAuthMethod::ClientSecretBasic
                | ClientAuthMethod::ClientSecretPost
                | ClientAuthMethod::ClientSecretJwt
        )
    }
}

/// A secret on its way out.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviousSecret {
    /// The old secret.
    pub secret: SecretSource,
    /// From when on it is refused.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// The certificate that `tls_client_auth` expects: exactly one of these (RFC 8705 2.1.2).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TlsClientAuth {
    /// The subject's distinguished name, as RFC 4514 writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_dn: Option<String>,
    /// A DNS name among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_dns: Option<String>,
    /// A URI among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_uri: Option<String>,
    /// An IP address among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_ip: Option<String>,
    /// An e-mail address among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_email: Option<String>,
}

impl TlsClientAuth {
    /// How many of the fields are set.
    pub fn count(&self) -> usize {
        [
            &self.subject_dn,
            &self.san_dns,
            &self.san_uri,
            &self.san_ip,
            &self.san_email,
        ]
        .into_iter()
        .flatten()
        .count()
    }
}
