//! What can only be seen across manifests.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Finding, Place, namespaces,
    revisit::{self, Late},
    scope,
};
use crate::{
    kind::Kind,
    load::{
        outcome::{Manifest, Outcome},
        tree::Step,
    },
    modules,
    object::Spec,
    problem::{Problem, Severity},
    spec::{
        ModuleName, ModuleSettings, ModuleSpec, OidcClientSpec, Span,
        module::{JwtSettings, SecondFactorPolicy},
        oidc_client::{Consent, GrantType, Scope},
        scope::STANDARD_SCOPES,
    },
};

/// Adds what is wrong between manifests.
pub(crate) fn across(outcomes: &[Outcome], problems: &mut Vec<Problem>) {
    let manifests: Vec<&Manifest> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.manifests)
        .collect();
    let twice = duplicates(&manifests, problems);
    let once: Vec<&Manifest> = manifests
        .into_iter()
        .filter(|manifest| !twice.contains(&(manifest.object.kind(), manifest.object.name())))
        .collect();
    let mut late = Vec::new();
    admin_keys(&once, &mut late);
    requirements(&once, &mut late);
    signing(&once, &mut late);
    second_factors(&once, &mut late);
    scopes(&once, &mut late);
    // What a broken document declares is unknown, and so is which of two is meant; that something is
    // not declared cannot be said.
    let are_known = outcomes.iter().all(|outcome| outcome.namespaces_are_whole)
        && twice
            .iter()
            .all(|(kind, _)| *kind != Kind::ZanzibarNamespace);
    if are_known {
        namespaces::check(&once, &mut late);
        scope::relations(&once, &mut late);
    }
    if !late.is_empty() {
        revisit::locate(outcomes, late, problems);
    }
}

fn late(manifest: &Manifest, finding: Finding) -> Late<'_> {
    Late {
        manifest,
        finding,
        also: Vec::new(),
        severity: Severity::Error,
    }
}

/// What stands more than once: which of them is meant, nobody knows.
fn duplicates<'m>(
    manifests: &[&'m Manifest],
    problems: &mut Vec<Problem>,
) -> HashSet<(Kind, &'m str)> {
    let mut first: HashMap<(Kind, &str), &Manifest> = HashMap::with_capacity(manifests.len());
    let mut twice = HashSet::new();
    for manifest in manifests {
        let object = &manifest.object;
        if let Some(other) = first.get(&(object.kind(), object.name())) {
            let message = format!("{} `{}` stands twice", object.kind(), object.name());
            problems.push(
                Problem::new("duplicate", manifest.at.clone(), message)
                    .label("here again")
                    .also(other.at.clone(), "first here")
                    .help("keep one of the two, or give one another name"),
            );
            twice.insert((object.kind(), object.name()));
        } else {
            first.insert((object.kind(), object.name()), manifest);
        }
    }
    twice
}

/// Two names for one key: whoever revokes one of them believes the key is gone.
fn admin_keys<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let mut first: HashMap<&str, &Manifest> = HashMap::new();
    for manifest in manifests {
        let Spec::AdminKey(key) = &manifest.object.spec else {
            continue;
        };
        if let Some(other) = first.get(key.hash.as_str()) {
            let message = format!("the same key as `{}`", other.object.name());
            let finding = Finding::in_spec("duplicate", "hash", message)
                .help("give every use a key of its own: `assay admin-key new NAME`");
            found.push(Late {
                also: vec![(other.at.clone(), String::from("the other name"))],
                ..late(manifest, finding)
            });
        } else {
            first.insert(key.hash.as_str(), manifest);
        }
    }
}

/// A module that is on here, and needs one that is off here. What is only in the database is looked
/// at when the plan is made.
fn requirements<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let mut enabled = BTreeMap::new();
    let mut by_name: BTreeMap<ModuleName, &'m Manifest> = BTreeMap::new();
    for manifest in manifests {
        if let Spec::Module(module) = &manifest.object.spec
            && let Ok(name) = manifest.object.name().parse::<ModuleName>()
        {
            enabled.insert(name, module.enabled);
            by_name.insert(name, manifest);
        }
    }
    for broken in modules::check(&enabled) {
        let is_off = broken.chain.last().and_then(|last| by_name.get(last));
        if let (Some(manifest), Some(off)) = (by_name.get(&broken.module), is_off) {
            let finding = Finding::new("module", name_of_manifest(), broken.to_string())
                .help("switch both on or both off");
            found.push(Late {
                also: vec![(off.at.clone(), String::from("off here"))],
                ..late(manifest, finding)
            });
        }
    }
}

/// Scopes that people are asked for by a name which may tell them nothing.
fn scopes<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let declared: HashSet<&str> = manifests
        .iter()
        .filter(|manifest| manifest.object.kind() == Kind::Scope)
        .map(|manifest| manifest.object.name())
        .chain(STANDARD_SCOPES)
        .collect();
    let asks_people = |client: &OidcClientSpec| {
        client.consent == Consent::Explicit
            && [GrantType::AuthorizationCode, GrantType::DeviceCode]
                .iter()
                .any(|grant| client.grant_types.contains(grant))
    };
    for manifest in manifests {
        let Spec::OidcClient(client) = &manifest.object.spec else {
            continue;
        };
        for scope in client.scopes.iter().map(Scope::as_str) {
            if asks_people(client) && !declared.contains(scope) {
                let message = format!("people are asked for `{scope}` by this name alone");
                let finding = Finding::in_spec("scope", "scopes", message)
                    .item(scope)
                    .help("describe it in a manifest of `kind: Scope` with this name");
                found.push(Late {
                    severity: Severity::Warning,
                    ..late(manifest, finding)
                });
            }
        }
    }
}

/// Clients that take only people with two factors, where hardly anybody gets a second one.
fn second_factors<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let is_off = |manifest: &&&'m Manifest| {
        matches!(&manifest.object.spec, Spec::Module(ModuleSpec {
            settings: ModuleSettings::Account(account), ..
        }) if account.second_factor.policy == SecondFactorPolicy::Off)
    };
    let Some(account) = manifests.iter().find(is_off) else {
        return;
    };
    for manifest in manifests {
        let Spec::OidcClient(client) = &manifest.object.spec else {
            continue;
        };
        if client.require_second_factor {
            let message = "module `account` has no second factors: nobody gets in but with a \
passkey, or by an upstream that asks for two";
            let finding = Finding::in_spec("second-factor", "requireSecondFactor", message)
                .help("write `policy: offered` under its `secondFactor`, or take this out");
            found.push(Late {
                also: vec![(account.at.clone(), String::from("off here"))],
                severity: Severity::Warning,
                ..late(manifest, finding)
            });
        }
    }
}

fn name_of_manifest() -> Place {
    Place::Steps(vec![Step::Key("metadata".into()), Step::Key("name".into())])
}

/// Algorithms that `Module jwt` keeps no key for, and tokens that outlive the keys. Only when the
/// module is among the manifests: otherwise what the database says of it counts, at the plan.
fn signing<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let Some((jwt_manifest, jwt)) =
        manifests
            .iter()
            .find_map(|manifest| match &manifest.object.spec {
                Spec::Module(module) => match &module.settings {
                    ModuleSettings::Jwt(jwt) => Some((*manifest, jwt)),
                    _ => None,
                },
                _ => None,
            })
    else {
        return;
    };
    for manifest in manifests {
        match &manifest.object.spec {
            Spec::OidcClient(client) => {
                for (field, algorithm) in client.signing_algorithms() {
                    if !jwt.algorithms.contains(&algorithm) {
                        let name = algorithm.name();
                        let finding = Finding::in_spec(
                            "signing",
                            field,
                            format!("module `jwt` keeps no `{name}` key"),
                        )
                        .help(format!("add `{name}` to its `algorithms`"));
                        found.push(Late {
                            also: vec![(jwt_manifest.at.clone(), String::from("the module"))],
                            ..late(manifest, finding)
                        });
                    }
                }
                outlives(
                    manifest,
                    "accessTokenTtl",
                    client.access_token_ttl,
                    jwt,
                    found,
                );
                outlives(manifest, "idTokenTtl", client.id_token_ttl, jwt, found);
            }
            Spec::Module(module) => {
                if let ModuleSettings::OidcProvider(provider) = &module.settings {
                    outlives(
                        manifest,
                        "settings/accessTokenTtl",
                        Some(provider.access_token_ttl),
                        jwt,
                        found,
                    );
                    outlives(
                        manifest,
                        "settings/idTokenTtl",
                        Some(provider.id_token_ttl),
                        jwt,
                        found,
                    );
                }
            }
            _ => {}
        }
    }
}

fn outlives<'m>(
    manifest: &'m Manifest,
    field: &'static str,
    ttl: Option<Span>,
    jwt: &JwtSettings,
    found: &mut Vec<Late<'m>>,
) {
    if let Some(ttl) = ttl.filter(|ttl| *ttl > jwt.retired_key_ttl) {
        let message = format!(
            "tokens that live {ttl} outlive the key that verifies them, \
which is kept {} after a rotation",
            jwt.retired_key_ttl
        );
        found.push(late(
            manifest,
            Finding::in_spec("lifetime", field, message)
                .help("make it shorter, or `retiredKeyTtl` of module `jwt` longer"),
        ));
    }
}
