//! What is said of scopes and themes, as people read it.

use super::{snapshot, told};

fn of_kind(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: assay/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec: {{ {spec} }}\n"
    )
}

fn all(kind: &str, cases: &[(&str, &str, &str)]) -> String {
    let cases: Vec<(&str, String)> = cases
        .iter()
        .map(|(title, name, spec)| (*title, of_kind(kind, name, spec)))
        .collect();
    told(&cases)
}

#[test]
fn scopes() {
    let long = format!("claims: {{ a: {{ value: \"{}\" }} }}", "x".repeat(3_000));
    snapshot!(all(
        "Scope",
        &[
            (
                "right",
                "films",
                "description: { default: See films }, claims: { a.b: { value: 1 } }"
            ),
            ("no name for a scope", "\"two words\"", ""),
            ("no default", "films", "description: { de: Filme sehen }"),
            (
                "no language",
                "films",
                "description: { default: x, German: Filme }"
            ),
            ("no text", "films", "description: { default: x, de: ' ' }"),
            (
                "a standard scope with claims",
                "email",
                "claims: { a: { value: 1 } }"
            ),
            (
                "a standard scope with words",
                "email",
                "description: { default: Write to you }"
            ),
            (
                "what we vouch for",
                "films",
                "claims: { sub: { value: admin } }"
            ),
            (
                "no claim's name",
                "films",
                "claims: { 'a b': { value: 1 } }"
            ),
            ("from nowhere", "films", "claims: { a: {} }"),
            (
                "from two places",
                "films",
                "claims: { a: { attribute: b, value: 1 } }"
            ),
            ("no path", "films", "claims: { a: { attribute: b..c } }"),
            (
                "into nothing",
                "films",
                "claims: { a: { value: 1, into: [] } }"
            ),
            (
                "of another type",
                "films",
                "claims: { a: { value: 1, type: string } }"
            ),
            ("too long", "films", &long),
            ("relations", "films", "claims: { a: { relation: member } }"),
            (
                "a list of another type",
                "films",
                "claims: { a: { every: { type: group, relation: member }, type: string } }"
            ),
        ]
    ));
}

#[test]
fn claims_of_relations() {
    let scope = |every: &str| {
        let claims = format!("claims: {{ teams: {{ every: {{ {every} }} }} }}");
        of_kind("Scope", "teams", &claims)
    };
    let namespaces = of_kind("ZanzibarNamespace", "user", "")
        + "---\n"
        + &of_kind(
            "ZanzibarNamespace",
            "team",
            "relations: { member: { types: [user] } }, permissions: { join: member }",
        )
        + "---\n";
    let beside = |every: &str| namespaces.clone() + &scope(every);
    snapshot!(told(&[
        ("a relation", &beside("type: team, relation: member")),
        ("a permission", &beside("type: team, relation: join")),
        ("no relation", &beside("type: team, relation: owner")),
        ("nothing to be", &beside("type: user, relation: owner")),
        ("no namespace", &scope("type: team, relation: member")),
        (
            "a word too much",
            &beside("type: team, relation: member, of: user")
        ),
    ]));
}

#[test]
fn scopes_that_people_are_asked_for_by_their_name() {
    let client = |spec: &str| {
        format!(
            "apiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: app }}\nspec:\n  \
             clientType: public\n  redirectUris: [https://a.example/cb]\n  \
             scopes: [openid, films]\n  {spec}\n---\n"
        )
    };
    let declared = client("") + &of_kind("Scope", "films", "description: { default: See films }");
    snapshot!(told(&[
        ("not declared", &client("")),
        ("declared", &declared),
        ("nobody is asked", &client("consent: implicit")),
    ]));
}

#[test]
fn themes() {
    snapshot!(all(
        "Theme",
        &[
            (
                "right",
                "default",
                "colors: { light: { accent: '#7a1fa2' } }"
            ),
            ("no name", "\"a b\"", ""),
            (
                "no colour",
                "default",
                "colors: { light: { accent: 'red;}' } }"
            ),
            (
                "too light",
                "default",
                "colors: { light: { accent: '#8ab4f8' } }"
            ),
            (
                "too dark",
                "default",
                "colors: { dark: { text: '#333333' } }"
            ),
            (
                "borders",
                "default",
                "colors: { light: { line: '#eeeeee' } }"
            ),
            (
                "a logo over http",
                "default",
                "logo: http://a.example/logo.svg"
            ),
            (
                "a logo with more to allow",
                "default",
                "logo: 'https://a.example/;script-src'"
            ),
            ("a script", "default", "logo: 'data:image/svg+xml,x'"),
            (
                "a link that runs",
                "default",
                "links: { support: { default: 'javascript:alert(1)' } }"
            ),
            ("an empty footer", "default", "footer: { default: '' }"),
            ("css", "default", "css: 'body{}'"),
        ]
    ));
}
