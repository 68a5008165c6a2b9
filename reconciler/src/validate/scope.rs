//! What cannot be right about a scope, though every field by itself is.

use std::collections::BTreeMap;

use super::{Finding, Place, localized, revisit::Late};
use crate::{
    load::{outcome::Manifest, tree::Step},
    object::Spec,
    problem::Severity,
    spec::{
        ScopeSpec, ZanzibarNamespaceSpec,
        scope::{ClaimSource, ClaimType, RESERVED_CLAIMS, STANDARD_SCOPES},
    },
};

/// Most claims of one scope: they all go into a token.
const MAX_CLAIMS: usize = 32;
/// Longest constant, as JSON.
const MAX_VALUE: usize = 2_048;
/// Longest description: it stands in a list.
const MAX_DESCRIPTION: usize = 200;

pub(super) fn check(name: &str, scope: &ScopeSpec, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    if let Some(description) = &scope.description {
        localized::texts("description", description, MAX_DESCRIPTION, &mut add);
    }
    if STANDARD_SCOPES.contains(&name) && !scope.claims.is_empty() {
        add(Finding::in_spec(
            "scope",
            "claims",
            format!("OpenID Connect says which claims `{name}` releases"),
        )
        .help("describe it if you like, and release your own claims by a scope of your own"));
    }
    if scope.claims.len() > MAX_CLAIMS {
        let count = scope.claims.len();
        add(Finding::in_spec(
            "scope",
            "claims",
            format!("{count} claims, and {MAX_CLAIMS} are the most"),
        )
        .help("make several scopes of it"));
    }
    for (claim, source) in &scope.claims {
        claim_name(claim, &mut add);
        claim_source(claim, source, &mut add);
    }
}

/// Adds what claims name in namespaces and no namespace has. A namespace that is not here may be another
/// set's, so it is only warned of.
pub(super) fn relations<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let namespaces: BTreeMap<&str, &ZanzibarNamespaceSpec> = manifests
        .iter()
        .filter_map(|manifest| match &manifest.object.spec {
            Spec::ZanzibarNamespace(spec) => Some((manifest.object.name(), spec)),
            _ => None,
        })
        .collect();
    for manifest in manifests {
        let Spec::Scope(scope) = &manifest.object.spec else {
            continue;
        };
        for (claim, every) in scope
            .claims
            .iter()
            .filter_map(|(claim, source)| Some((claim, source.every.as_ref()?)))
        {
            let mut add = |field, severity, message: String, help: String| {
                let finding = Finding::new("scope", within(claim, field), message).help(help);
                found.push(Late {
                    manifest,
                    finding,
                    also: Vec::new(),
                    severity,
                });
            };
            for (field, name) in [
                ("type", &every.object_type),
                ("subjectType", &every.subject_type),
            ] {
                if !namespaces.contains_key(name.as_str()) {
                    add(
                        field,
                        Severity::Warning,
                        format!(
                            "there is no namespace `{name}` here, and without one no `{claim}`"
                        ),
                        format!(
                            "write a `ZanzibarNamespace` of the name `{name}`, unless another set does"
                        ),
                    );
                }
            }
            if let Some(namespace) = namespaces.get(every.object_type.as_str())
                && !namespace.relations.contains_key(&every.relation)
                && !namespace.permissions.contains_key(&every.relation)
            {
                let known = namespace
                    .relations
                    .keys()
                    .chain(namespace.permissions.keys());
                let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
                let has = if known.is_empty() {
                    String::from("it has none at all")
                } else {
                    format!("it has {}", known.join(", "))
                };
                add(
                    "relation",
                    Severity::Error,
                    format!(
                        "namespace `{}` has no relation or permission `{}`",
                        every.object_type, every.relation
                    ),
                    has,
                );
            }
        }
    }
}

/// At a field of what a claim says of relations.
fn within(claim: &str, field: &'static str) -> Place {
    Place::Steps(vec![
        Step::Key("spec".into()),
        Step::Key("claims".into()),
        Step::Key(claim.to_owned().into()),
        Step::Key("every".into()),
        Step::Key(field.into()),
    ])
}

/// At the claim itself, or at a field of it.
fn at(claim: &str, field: Option<&'static str>) -> Place {
    let mut steps = vec![Step::Key("spec".into()), Step::Key("claims".into())];
    match field {
        None => steps.push(Step::KeyOf(claim.to_owned().into())),
        Some(field) => {
            steps.push(Step::Key(claim.to_owned().into()));
            steps.push(Step::Key(field.into()));
        }
    }
    Place::Steps(steps)
}

fn claim_name(claim: &str, add: &mut impl FnMut(Finding)) {
    if RESERVED_CLAIMS.contains(&claim) {
        add(Finding::new(
            "scope",
            at(claim, None),
            format!("the claim `{claim}` is not a manifest's to give"),
        )
        .help("clients trust this provider for it; choose another name"));
    }
    let is_fine = (1..=100).contains(&claim.len()) && claim.bytes().all(|b| b.is_ascii_graphic());
    if !is_fine {
        add(Finding::new(
            "scope",
            at(claim, None),
            "a claim's name is 1 to 100 printable ASCII characters without blanks",
        )
        .help("as in `department` or `https://example.com/claims/department`"));
    }
}

fn claim_source(claim: &str, source: &ClaimSource, add: &mut impl FnMut(Finding)) {
    let mut wrong = |field, message: String, help: &'static str| {
        add(Finding::new("scope", at(claim, field), message).help(help));
    };
    let said = [
        ("attribute", source.attribute.is_some()),
        ("value", source.value.is_some()),
        ("every", source.every.is_some()),
    ];
    let mut said = said.into_iter().filter(|(_, is_said)| *is_said);
    if said.next().is_none() {
        wrong(
            None,
            format!("nothing says where `{claim}` comes from"),
            "write `attribute: NAME`, `value: ...` or `every: { type: TYPE, relation: RELATION }`",
        );
    }
    if let Some((field, _)) = said.next() {
        wrong(
            Some(field),
            format!("`{claim}` comes from one place: an attribute, a constant or relations"),
            "keep one of `attribute`, `value` and `every`",
        );
    }
    if let Some(path) = &source.attribute {
        let parts: Vec<&str> = path.split('.').collect();
        if path.len() > 200 || parts.len() > 8 || parts.iter().any(|part| part.is_empty()) {
            wrong(
                Some("attribute"),
                format!("`{path}` is not the path of an attribute"),
                "write names with dots between, as in `address.locality`",
            );
        }
    }
    if let Some(value) = &source.value {
        if value.to_string().len() > MAX_VALUE {
            wrong(
                Some("value"),
                format!("as JSON, a constant may have {MAX_VALUE} characters at most"),
                "it goes into every token; write less",
            );
        }
        if let Some(claim_type) = source.claim_type
            && !claim_type.fits(value)
        {
            wrong(
                Some("value"),
                String::from("the constant is not of its own `type`"),
                "correct the one or the other",
            );
        }
    }
    if source.every.is_some()
        && source
            .claim_type
            .is_some_and(|kind| kind != ClaimType::Strings)
    {
        wrong(
            Some("type"),
            format!("`{claim}` is a list of texts, whatever is written here"),
            "write `strings`, or leave `type` out",
        );
    }
    if source.into.is_empty() {
        wrong(
            Some("into"),
            format!("`{claim}` goes nowhere"),
            "name `id_token`, `userinfo` or `access_token`, or leave `into` out",
        );
    }
}
