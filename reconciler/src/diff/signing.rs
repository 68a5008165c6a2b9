//! Whether tokens can be signed, and verified for as long as they live.

use std::borrow::Cow;

use super::{
    PlanError,
    error::{OutlivingToken, UnsignableClient},
    resulting::Resulting,
};
use crate::{
    kind::Kind,
    object::{ObjectKey, Spec},
    spec::{
        ModuleName, SigningAlgorithm, Span,
        module::{JwtSettings, ModuleSettings, OidcProviderSettings},
    },
};

/// Refuses clients whose tokens nobody could sign, and tokens that outlive the key that verifies
/// them. What `Module/jwt` says counts whoever says it, and its defaults if nobody does.
pub(super) fn tokens_hold(resulting: &Resulting<'_>) -> Result<(), PlanError> {
    let keys_change = resulting.touches_object(&module(ModuleName::Jwt));
    let provider = module(ModuleName::OidcProvider);
    let lifetimes_change = keys_change || resulting.touches_object(&provider);
    if !lifetimes_change && !resulting.touches(Kind::OidcClient) {
        return Ok(());
    }
    let jwt = jwt(resulting)?;
    let mut unsignable = Vec::new();
    let mut outliving = Vec::new();
    let mut outlives = |key: &ObjectKey, field, lifetime: Option<Span>| {
        let kept = jwt.retired_key_ttl;
        if let Some(lifetime) = lifetime.filter(|lifetime| *lifetime > kept) {
            outliving.push(OutlivingToken {
                key: key.clone(),
                field,
                lifetime,
                kept,
            });
        }
    };
    if lifetimes_change {
        let settings = provider_settings(resulting)?;
        for (field, lifetime) in [
            ("settings.accessTokenTtl", settings.access_token_ttl),
            ("settings.idTokenTtl", settings.id_token_ttl),
        ] {
            outlives(&provider, field, Some(lifetime));
        }
    }
    for (key, there) in resulting.of_kind(Kind::OidcClient) {
        if !keys_change && !there.is_touched {
            continue;
        }
        let Spec::OidcClient(client) = &there.loaded(key)?.spec else {
            continue;
        };
        outlives(key, "accessTokenTtl", client.access_token_ttl);
        outlives(key, "idTokenTtl", client.id_token_ttl);
        for (field, algorithm) in client.signing_algorithms() {
            // OpenID Connect Core 15.1: RS256 is always there, whatever the settings list.
            let is_kept =
                algorithm == SigningAlgorithm::Rs256 || jwt.algorithms.contains(&algorithm);
            if !is_kept {
                unsignable.push(UnsignableClient {
                    client: key.name.clone(),
                    field,
                    algorithm,
                });
            }
        }
    }
    if !unsignable.is_empty() {
        return Err(PlanError::Unsignable(unsignable));
    }
    if outliving.is_empty() {
        Ok(())
    } else {
        Err(PlanError::Outliving(outliving))
    }
}

fn module(name: ModuleName) -> ObjectKey {
    ObjectKey {
        kind: Kind::Module,
        name: String::from(name.name()),
    }
}

fn jwt<'a>(resulting: &Resulting<'a>) -> Result<Cow<'a, JwtSettings>, PlanError> {
    Ok(match settings(resulting, ModuleName::Jwt)? {
        Some(ModuleSettings::Jwt(settings)) => Cow::Borrowed(settings),
        _ => Cow::Owned(JwtSettings::default()),
    })
}

fn provider_settings<'a>(
    resulting: &Resulting<'a>,
) -> Result<Cow<'a, OidcProviderSettings>, PlanError> {
    Ok(match settings(resulting, ModuleName::OidcProvider)? {
        Some(ModuleSettings::OidcProvider(settings)) => Cow::Borrowed(settings),
        _ => Cow::Owned(OidcProviderSettings::default()),
    })
}

fn settings<'a>(
    resulting: &Resulting<'a>,
    name: ModuleName,
) -> Result<Option<&'a ModuleSettings>, PlanError> {
    let key = module(name);
    let Some(there) = resulting.get(&key) else {
        return Ok(None);
    };
    Ok(match &there.loaded(&key)?.spec {
        Spec::Module(module) => Some(&module.settings),
        _ => None,
    })
}
