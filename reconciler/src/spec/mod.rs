//! One typed spec per kind: the only definition of it. YAML, JSON Schema, diff, database, runtime
//! and admin API all use these structs.

pub mod admin_key;
mod color;
mod letter_kind;
mod localized;
pub mod mail_template;
pub mod module;
pub mod oidc_client;
pub mod scope;
mod signing_algorithm;
pub mod span;
pub mod theme;
pub mod upstream_provider;
pub mod uri;
pub mod webhook;
pub mod zanzibar_namespace;

pub use admin_key::AdminKeySpec;
pub use color::Color;
pub use letter_kind::LetterKind;
pub use localized::Localized;
pub use mail_template::MailTemplateSpec;
pub use module::{ModuleName, ModuleSettings, ModuleSpec};
pub use oidc_client::OidcClientSpec;
pub use scope::ScopeSpec;
pub use signing_algorithm::SigningAlgorithm;
pub use span::Span;
pub use theme::ThemeSpec;
pub use upstream_provider::UpstreamProviderSpec;
pub use uri::{RedirectUri, WebUri};
pub use webhook::WebhookSpec;
pub use zanzibar_namespace::ZanzibarNamespaceSpec;
