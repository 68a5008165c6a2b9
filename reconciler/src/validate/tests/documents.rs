//! The documents themselves: YAML, what every manifest says, names, and what stands between manifests.

use super::{snapshot, told};

#[test]
fn yaml_that_cannot_be_read() {
    snapshot!(told(&[
        ("nothing", ""),
        ("only a comment", "# nothing here\n---\n"),
        ("a tab", "kind:\n\tname: x\n"),
        ("an open list", "kind: [a\n---\nkind: {b\n"),
        ("a duplicate key", "kind: OidcClient\nkind: Module\n"),
        ("a key that is no text", "1: x\ntrue: y\n"),
        ("a template", "kind: {{ .Values.kind }}\n"),
        ("an unknown alias", "kind: *name\n"),
        ("an alias of itself", "a: &a [*a]\n"),
        ("a tag", "kind: !Ref x\n"),
        ("not a mapping", "- kind: OidcClient\n"),
    ]));
}

#[test]
fn the_envelope() {
    snapshot!(told(&[
        ("nothing of it", "{}\n"),
        (
            "slips",
            "apiversion: assay/v1\nkind: OidcCleint\nmetadata: { name: x }\nspecs: {}\n"
        ),
        (
            "another version",
            "apiVersion: assay/v2\nkind: OidcClient\nmetadata: { name: x }\nspec: {}\n"
        ),
        (
            "no name",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { labels: { a: b } }\nspec: {}\n"
        ),
        (
            "a number for a name",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: 12 }\nspec: {}\n"
        ),
        (
            "a number for a label",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey, labels: { tier: 1 } }\nspec: {}\n"
        ),
        (
            "an unknown annotation",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey, annotations: { assay/movedFrom: x } }\nspec: {}\n"
        ),
        (
            "an empty spec",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey }\nspec:\n"
        ),
    ]));
}

#[test]
fn names() {
    let name = |kind: &str, name: &str| {
        format!(
            "apiVersion: assay/v1\nkind: {kind}\nmetadata: {{ name: \"{name}\" }}\nspec: {{}}\n"
        )
    };
    let long = "n".repeat(200);
    let texts = [
        name("OidcClient", "two words"),
        name("OidcClient", ""),
        name("OidcClient", &long),
        name("OidcClient", "emoji-😀"),
        name("OidcClient", "right-\u{202e}to-left"),
        name("ZanzibarNamespace", "Document-"),
        name("Module", "passkeys"),
    ];
    snapshot!(told(&texts.map(|text| ("a name", text))));
}

#[test]
fn between_manifests() {
    let key = |name: &str, digit: u8| {
        format!(
            "---\napiVersion: assay/v1\nkind: AdminKey\nmetadata: {{ name: {name} }}\nspec:\n  hash: \"sha256:{digit:064}\"\n  permissions: [config.read]\n"
        )
    };
    let policy = |policy: &str| {
        format!(
            "---\napiVersion: assay/v1\nkind: Module\nmetadata: {{ name: account }}\nspec: {{ settings: {{ secondFactor: {{ policy: {policy} }} }} }}\n---\napiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: vault }}\nspec:\n  clientType: public\n  redirectUris: [https://vault.example.com/callback]\n  scopes: [openid]\n  requireSecondFactor: true\n"
        )
    };
    let texts = [
        ("a second factor where there are none", policy("off")),
        (
            "a second factor where people may set one up",
            policy("offered"),
        ),
        ("an object twice", key("ci", 1) + &key("ci", 2)),
        ("a key twice", key("ci", 1) + &key("cd", 1)),
        (
            "a key that may do nothing",
            String::from(
                "apiVersion: assay/v1\nkind: AdminKey\nmetadata: { name: ci }\nspec:\n  hash: \"sha256:xyz\"\n  permissions: []\n",
            ),
        ),
    ];
    snapshot!(told(&texts));
}
