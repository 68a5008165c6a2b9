//! What cannot be right about a scope, though every field by itself is.

use super::{Finding, Place, localized};
use crate::{
    load::tree::Step,
    spec::{
        ScopeSpec,
        scope::{ClaimSource, RESERVED_CLAIMS, STANDARD_SCOPES},
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
    match (&source.attribute, &source.value) {
        (None, None) => wrong(
            None,
            format!("nothing says where `{claim}` comes from"),
            "write `attribute: NAME` or `value: ...`",
        ),
        (Some(_), Some(_)) => wrong(
            Some("value"),
            format!("`{claim}` is either an attribute or a constant"),
            "take `attribute` or `value` out",
        ),
        (Some(path), None) => {
            let parts: Vec<&str> = path.split('.').collect();
            if path.len() > 200 || parts.len() > 8 || parts.iter().any(|part| part.is_empty()) {
                wrong(
                    Some("attribute"),
                    format!("`{path}` is not the path of an attribute"),
                    "write names with dots between, as in `address.locality`",
                );
            }
        }
        (None, Some(value)) => {
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
    }
    if source.into.is_empty() {
        wrong(
            Some("into"),
            format!("`{claim}` goes nowhere"),
            "name `id_token`, `userinfo` or `access_token`, or leave `into` out",
        );
    }
}
