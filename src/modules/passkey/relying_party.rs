//! Whom passkeys are made for: this installation, as its settings describe it.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::spec::module::{PasskeySettings, UserVerification};
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rs_core::{
    WebauthnCore,
    proto::{AttestationCaList, AttestationCaListBuilder, UserVerificationPolicy},
};

use crate::modules::{Context, Site};

/// The relying party of one generation.
pub(super) struct RelyingParty {
    /// Makes challenges and checks what comes of them.
    pub(super) core: WebauthnCore,
    /// Whether owners are to be checked.
    pub(super) user_verification: UserVerificationPolicy,
    /// The models that are let in; any, if there are none.
    pub(super) models: BTreeSet<String>,
    /// Who vouches for a model.
    pub(super) roots: Option<AttestationCaList>,
}

/// Why no browser would make a passkey for this server.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Misfit {
    /// `http`, and not on this machine.
    #[error("browsers make passkeys for `https` only, and `server.public_url` is `{0}`")]
    Insecure(Url),
    /// An IP address has no relying party id.
    #[error("browsers make passkeys for domains only, and `server.public_url` is `{0}`")]
    Address(Url),
    /// Another domain's.
    #[error(
        "the setting `rpId` of module `passkey` is `{id}`, which is neither the host of `server.public_url` \
         ({host}) nor a domain above it"
    )]
    Foreign { id: String, host: String },
    /// A certificate that is none.
    #[error(
        "the setting `attestationRoots` of module `passkey` holds a certificate that cannot be read"
    )]
    Root,
}

impl RelyingParty {
    pub(super) fn of(context: &Context) -> Result<Self, Misfit> {
        Self::new(&context.snapshot.passkey_settings(), &context.site)
    }

    fn new(settings: &PasskeySettings, site: &Site) -> Result<Self, Misfit> {
        let public_url = &site.public_url;
        let Some(Host::Domain(host)) = public_url.host() else {
            return Err(Misfit::Address(public_url.clone()));
        };
        // W3C Secure Contexts 3.1: `localhost` needs no `https`.
        if public_url.scheme() != "https" && !Site::is_loopback(&Host::Domain(host)) {
            return Err(Misfit::Insecure(public_url.clone()));
        }
        let id = settings.rp_id.as_deref().unwrap_or(host);
        if !covers(id, host) {
            return Err(Misfit::Foreign {
                id: id.to_owned(),
                host: host.to_owned(),
            });
        }
        let related = settings.related_origins.iter();
        let mut origins = vec![public_url.clone()];
        origins.extend(related.filter_map(|origin| Url::parse(origin.as_str()).ok()));
        Ok(Self {
            core: WebauthnCore::new_unsafe_experts_only(
                settings.rp_name.as_deref().unwrap_or(id),
                id,
                origins,
                settings.ceremony_ttl.duration(),
                Some(false),
                Some(false),
            ),
            user_verification: match settings.user_verification {
                UserVerification::Required => UserVerificationPolicy::Required,
                UserVerification::Preferred => UserVerificationPolicy::Preferred,
                UserVerification::Discouraged => UserVerificationPolicy::Discouraged_DO_NOT_USE,
            },
            models: settings.allowed_authenticators.clone(),
            roots: roots(settings)?,
        })
    }
}

fn roots(settings: &PasskeySettings) -> Result<Option<AttestationCaList>, Misfit> {
    if settings.attestation_roots.is_empty() {
        return Ok(None);
    }
    let mut list = AttestationCaListBuilder::new();
    for root in &settings.attestation_roots {
        for model in &settings.allowed_authenticators {
            let model = Uuid::parse_str(model).map_err(|_| Misfit::Root)?;
            list.insert_device_pem(root.as_bytes(), model, model.to_string(), BTreeMap::new())
                .map_err(|_| Misfit::Root)?;
        }
    }
    Ok(Some(list.build()))
}

/// Whether passkeys of this relying party id are good at `host`: it is the host, or a domain above it
/// (Web Authentication Level 3, 5.1.3). A domain of one label is nobody's, except for `localhost`.
pub fn covers(id: &str, host: &str) -> bool {
    id == host || (id.contains('.') && host.strip_suffix(id).is_some_and(|sub| sub.ends_with('.')))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn misfit(url: &str, rp_id: Option<&str>) -> Option<Misfit> {
        let settings = PasskeySettings {
            rp_id: rp_id.map(str::to_owned),
            ..PasskeySettings::default()
        };
        RelyingParty::new(&settings, &Site::new(url.parse().unwrap(), None)).err()
    }

    #[test]
    fn the_id_is_the_host_or_a_domain_above_it() {
        for (id, host, is_covered) in [
            ("auth.example.com", "auth.example.com", true),
            ("example.com", "auth.example.com", true),
            ("localhost", "localhost", true),
            ("com", "auth.example.com", false),
            ("ample.com", "auth.example.com", false),
            ("www.example.com", "auth.example.com", false),
            ("auth.example.com", "example.com", false),
        ] {
            assert_eq!(covers(id, host), is_covered, "{id} {host}");
        }
    }

    #[test]
    fn a_server_that_browsers_make_no_passkeys_for_says_why() {
        assert_eq!(misfit("https://auth.example.com", None), None);
        assert_eq!(
            misfit("https://auth.example.com", Some("example.com")),
            None
        );
        assert_eq!(misfit("http://localhost:3000", None), None);
        assert!(matches!(
            misfit("http://auth.example.com", None),
            Some(Misfit::Insecure(_))
        ));
        assert!(matches!(
            misfit("https://192.0.2.1", None),
            Some(Misfit::Address(_))
        ));
        insta::assert_snapshot!(
            misfit("https://auth.example.com", Some("example.org")).unwrap(),
            @"the setting `rpId` of module `passkey` is `example.org`, which is neither the host of `server.public_url` (auth.example.com) nor a domain above it"
        );
    }

    #[test]
    fn a_root_that_cannot_be_read_is_told_of() {
        let settings = PasskeySettings {
            attestation_roots: vec![
                "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".to_owned(),
            ],
            allowed_authenticators: ["ee882879-721c-4913-9775-3dfcce97072a".to_owned()].into(),
            ..PasskeySettings::default()
        };
        let site = Site::new("https://auth.example.com".parse().unwrap(), None);
        assert_eq!(
            RelyingParty::new(&settings, &site).err(),
            Some(Misfit::Root)
        );
    }
}
