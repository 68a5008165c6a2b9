//! Where an upstream's endpoints are: from its manifest, or from its discovery document.

use assay_reconciler::spec::{UpstreamProviderSpec, WebUri, upstream_provider::TENANT};
use serde::Deserialize;
use serde_json::Value;

use super::{allowed_networks, error::UpstreamError};
use crate::{generation::Upstream, modules::Context, outgoing::Networks};

/// Where a discovery document lies under the issuer (OpenID Connect Discovery 4).
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// An upstream, and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Provider<'a> {
    pub(super) upstream: &'a Upstream,
    /// The private networks that it may lie in.
    pub(super) networks: Networks,
    pub(super) authorization: String,
    pub(super) token: String,
    pub(super) userinfo: Option<String>,
    pub(super) jwks: Option<String>,
    pub(super) emails: Option<String>,
    /// Whether each answer names its issuer (RFC 9207 3).
    always_names_issuer: bool,
}

/// What we read of a discovery document.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    jwks_uri: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl<'a> Provider<'a> {
    pub(super) async fn of(
        context: &Context,
        upstream: &'a Upstream,
    ) -> Result<Self, UpstreamError> {
        let networks = allowed_networks(context);
        let text = |uri: &WebUri| uri.as_str().to_owned();
        if let Some(endpoints) = &upstream.spec.endpoints {
            return Ok(Self {
                upstream,
                networks,
                authorization: text(&endpoints.authorization),
                token: text(&endpoints.token),
                userinfo: endpoints.userinfo.as_ref().map(text),
                jwks: endpoints.jwks.as_ref().map(text),
                emails: endpoints.emails.as_ref().map(text),
                always_names_issuer: false,
            });
        }
        let issuer = upstream.spec.issuer.as_str();
        let url = upstream.spec.discovery.as_ref().map_or_else(
            || format!("{}{DISCOVERY_PATH}", issuer.trim_end_matches('/')),
            text,
        );
        let document = context.outgoing.document(&networks, &url).await?;
        let wrong = |what: String| UpstreamError::Discovery(what);
        let found: Discovered = serde_json::from_value(Value::Object((*document).clone()))
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        // Discovery 4.3: another issuer's document would send our secret to whoever wrote it.
        if found.issuer != issuer {
            return Err(wrong(format!("is of another issuer than `{issuer}`")));
        }
        let may_be_visited = found
            .authorization_endpoint
            .parse::<WebUri>()
            .is_ok_and(|uri| !uri.is_insecure());
        if !may_be_visited {
            return Err(wrong("has no encrypted `authorization_endpoint`".into()));
        }
        Ok(Self {
            upstream,
            networks,
            authorization: found.authorization_endpoint,
            token: found.token_endpoint,
            userinfo: found.userinfo_endpoint,
            jwks: found.jwks_uri,
            emails: None,
            always_names_issuer: found.authorization_response_iss_parameter_supported,
        })
    }

    /// Whether there are ID tokens.
    pub(super) fn is_openid(&self) -> bool {
        self.upstream.spec.scopes.contains("openid")
    }

    /// The issuer of an ID token with these claims, which nobody has verified yet.
    pub(super) fn issuer_for(&self, tenant: Option<&Value>) -> Result<String, UpstreamError> {
        let issuer = self.upstream.spec.issuer.as_str();
        if !self.upstream.spec.has_tenants() {
            return Ok(issuer.to_owned());
        }
        let tenant = tenant
            .and_then(Value::as_str)
            .filter(|text| uuid::Uuid::parse_str(text).is_ok())
            .ok_or_else(|| UpstreamError::IdToken("names no tenant (`tid`)".into()))?;
        Ok(issuer.replace(TENANT, tenant))
    }

    /// RFC 9207 2.4: the answer is of this provider, not of another that also knows our state.
    pub(super) fn check_issuer(&self, named: Option<&str>) -> Result<(), UpstreamError> {
        match named {
            None if self.always_names_issuer => {
                Err(UpstreamError::Issuer("does not name its issuer (RFC 9207)"))
            }
            None => Ok(()),
            Some(named) if self.is_issuer(named) => Ok(()),
            Some(_) => Err(UpstreamError::Issuer("is of another issuer (RFC 9207)")),
        }
    }

    /// Whether this is its issuer, or that of one of its tenants.
    pub(super) fn is_issuer(&self, named: &str) -> bool {
        is_issuer(&self.upstream.spec, named)
    }
}

/// Whether the upstream is this issuer, or one of its tenants is.
pub fn is_issuer(spec: &UpstreamProviderSpec, named: &str) -> bool {
    let issuer = spec.issuer.as_str();
    match issuer.split_once(TENANT) {
        None => named == issuer,
        Some((before, after)) => named
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|tenant| uuid::Uuid::parse_str(tenant).is_ok()),
    }
}
