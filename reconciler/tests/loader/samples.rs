//! Manifests of every kind that say much, and ways to spoil them.

use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

fn manifest(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "assay/v1",
        "kind": kind,
        "metadata": { "name": name, "labels": { "team": "platform" }, "annotations": { "a/b": "c" } },
        "spec": spec,
    })
}

/// Manifests of all kinds. Together they are right, and each field is in one of them.
pub fn all() -> Vec<Value> {
    let hash = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let confidential = json!({
        "displayName": "Wiki", "description": "where we write", "enabled": true,
        "clientType": "confidential", "applicationType": "web",
        "tokenEndpointAuthMethod": "client_secret_basic",
        "clientSecret": { "fromEnv": "WIKI_SECRET" },
        "previousClientSecret": { "secret": { "hash": hash }, "expiresAt": "2027-01-01T00:00:00Z" },
        "redirectUris": ["https://wiki.example.com/callback", "https://wiki.example.com/other"],
        "postLogoutRedirectUris": ["https://wiki.example.com/bye"],
        "allowedOrigins": ["https://wiki.example.com"],
        "grantTypes": ["authorization_code", "refresh_token", "client_credentials"],
        "responseTypes": ["code"], "scopes": ["openid", "email", "offline_access"],
        "resources": ["https://api.example.com"], "requirePkce": true,
        "requirePushedAuthorizationRequests": false, "consent": "explicit",
        "defaultMaxAge": "1h", "requireAuthTime": true, "defaultAcrValues": ["urn:example:gold"],
        "accessTokenFormat": "jwt", "accessTokenTtl": "5m", "idTokenTtl": "10m",
        "refreshTokenTtl": "14d", "idTokenSignedResponseAlg": "ES256", "subjectType": "public",
        "backchannelLogoutUri": "https://wiki.example.com/back",
        "backchannelLogoutSessionRequired": true,
        "frontchannelLogoutUri": "https://wiki.example.com/front",
        "initiateLoginUri": "https://wiki.example.com/login",
        "logoUri": "https://wiki.example.com/logo.png", "clientUri": "https://wiki.example.com/",
        "policyUri": "https://wiki.example.com/policy", "tosUri": "https://wiki.example.com/tos",
        "contacts": ["ada@example.com"],
    });
    let public = json!({
        "displayName": "App", "clientType": "public", "applicationType": "native",
        "redirectUris": ["http://127.0.0.1/callback", "com.example.app:/callback"],
        "grantTypes": ["authorization_code"], "scopes": ["openid"], "consent": "implicit",
        "accessTokenFormat": "opaque", "dpopBoundAccessTokens": true,
    });
    let upstream = json!({
        "displayName": "Google", "enabled": true, "issuer": "https://accounts.google.com",
        "clientId": "123.apps.googleusercontent.com", "clientSecret": { "fromFile": "google" },
        "tokenEndpointAuthMethod": "client_secret_post", "scopes": ["openid", "email"],
        "authorizationParameters": { "hd": "example.com" }, "claims": { "subject": "oid" },
        "requiredClaims": { "hd": "example.com" }, "allowedDomains": ["example.com"],
        "trustEmail": true, "linking": "verified_email",
    });
    let document = json!({
        "description": "what is written",
        "relations": {
            "parent": { "types": ["folder"] }, "owner": { "types": ["user"], "description": "whose" },
            "viewer": { "types": ["user", "user:*", "group#member"] },
        },
        "permissions": { "edit": "owner", "view": "viewer + edit + parent->view" },
    });
    let folder = json!({
        "relations": { "viewer": { "types": ["user"] } }, "permissions": { "view": "viewer" },
    });
    let group = json!({ "relations": { "member": { "types": ["user", "group#member"] } } });
    let key = json!({
        "hash": hash, "permissions": ["config.read", "config.apply"],
        "expiresAt": "2027-01-01T00:00:00Z", "description": "for CI",
    });
    let theme = json!({
        "productName": "Acme", "logo": "https://example.com/logo.svg",
        "colors": { "light": { "page": "#ffffff", "accent": "#7a1fa2" }, "dark": { "text": "#ffffff" } },
        "footer": { "default": "Acme", "de": "Acme" },
        "links": { "support": { "default": "https://example.com/help" } },
    });
    let scope = json!({
        "description": { "default": "See your teams", "pt-br": "Ver suas equipes" },
        "claims": {
            "groups": { "attribute": "groups", "type": "strings", "into": ["access_token"] },
            "tenant": { "value": { "name": "acme" } },
        },
    });
    let webhook = json!({
        "enabled": true, "url": "http://10.20.0.7:8080/hook", "secret": { "fromEnv": "HOOK_SECRET" },
        "events": ["sign_in.before", "token.after"], "timeout": "2s", "onFailure": "allow",
        "allowedPrivateNetworks": ["10.20.0.0/16"],
    });
    let letter = json!({
        "subject": "New sign-in to {{ product }}",
        "text": "{{ device }}, {{ place }}{% if time %} ({{ time }}){% endif %}: {{ account }}",
        "html": "<p>{{ device }}, {{ place }}: <a href=\"{{ account }}\">{{ account }}</a></p>",
    });
    let module = |settings: Value| json!({ "enabled": true, "settings": settings });
    vec![
        manifest("OidcClient", "wiki", &confidential),
        manifest("OidcClient", "app", &public),
        manifest("UpstreamProvider", "google", &upstream),
        manifest("ZanzibarNamespace", "document", &document),
        manifest("ZanzibarNamespace", "folder", &folder),
        manifest("ZanzibarNamespace", "group", &group),
        manifest("ZanzibarNamespace", "user", &json!({})),
        manifest("AdminKey", "ci", &key),
        manifest("Theme", "default", &theme),
        manifest("Scope", "teams", &scope),
        manifest("Webhook", "crm", &webhook),
        manifest("MailTemplate", "newDevice.de", &letter),
        manifest("Module", "session", &module(json!({ "ttl": "7d" }))),
        manifest(
            "Module",
            "jwt",
            &module(json!({ "algorithms": ["RS256", "ES256"], "retiredKeyTtl": "8d" })),
        ),
        manifest(
            "Module",
            "password",
            &module(
                json!({ "memoryKib": 32768, "iterations": 3, "parallelism": 1, "minLength": 12 }),
            ),
        ),
        manifest("Module", "passkey", &module(json!({ "rpName": "Acme" }))),
        manifest(
            "Module",
            "oidc_provider",
            &module(json!({ "accessTokenTtl": "5m", "allowedPrivateNetworks": ["10.0.0.0/8"] })),
        ),
    ]
}

/// One of [`all`].
pub fn one() -> impl Strategy<Value = Value> {
    prop::sample::select(all())
}

/// Values that are in the wrong place almost anywhere.
fn strange() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        " ",
        "yes",
        "null",
        "~",
        "1",
        "10m",
        "0s",
        "-5m",
        "1.5h",
        "99999w",
        "10m10m",
        "5 m",
        "https://",
        "https://a b",
        "http://example.com/",
        "javascript:alert(1)",
        "ES256",
        "openid",
        "*",
        "sha256:0",
        "2027-13-01T00:00:00Z",
        "2027-01-01",
        "user#",
        "a->b",
        "(",
        "\u{0}",
        "\u{202e}",
        "🦀",
        "10.0.0.0/99",
        "::/0",
        "public",
        "code",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![0_i64, 1, -1, 8, 19_456, i64::MAX, i64::MIN])
            .prop_map(Value::from),
        // Not 1.0: to JSON Schema it is a whole number, to the loader it is not.
        prop::sample::select(vec![0.5, -0.5, 1e-300]).prop_map(|number| json!(number)),
        texts.prop_map(Value::from),
        prop::sample::select(vec![64_usize, 256, 257, 5_000]).prop_map(|n| json!("x".repeat(n))),
        Just(json!([])),
        Just(json!([1])),
        Just(json!([[]])),
        Just(json!(["openid", "openid"])),
        Just(json!({})),
        Just(json!({ "fromEnv": "X" })),
        Just(json!({ "fromEnv": "X", "fromFile": "y" })),
        Just(json!({ "unknown": true })),
    ]
}

/// One thing that is done to a manifest.
#[derive(Clone, Debug)]
pub enum Spoil {
    Remove(Index),
    Replace(Index, Value),
    Rename(Index),
    Add(Index, Value),
    Wrap(Index),
    /// Puts the value of the second place into the first.
    Copy(Index, Index),
}

pub fn spoil() -> impl Strategy<Value = Spoil> {
    let place = any::<Index>;
    prop_oneof![
        3 => place().prop_map(Spoil::Remove),
        4 => (place(), strange()).prop_map(|(at, value)| Spoil::Replace(at, value)),
        1 => place().prop_map(Spoil::Rename),
        2 => (place(), strange()).prop_map(|(at, value)| Spoil::Add(at, value)),
        1 => place().prop_map(Spoil::Wrap),
        2 => (place(), place()).prop_map(|(to, from)| Spoil::Copy(to, from)),
    ]
}

/// Does it. `within` is the pointer below which everything happens.
pub fn apply(manifest: &mut Value, within: &str, spoil: &Spoil) {
    let mut places = Vec::new();
    if let Some(part) = manifest.pointer(within) {
        gather(part, within.to_owned(), &mut places);
    }
    if places.is_empty() {
        return;
    }
    let at = |index: &Index| places[index.index(places.len())].clone();
    match spoil {
        Spoil::Remove(index) => drop(take(manifest, &at(index))),
        Spoil::Replace(index, value) => *manifest.pointer_mut(&at(index)).unwrap() = value.clone(),
        Spoil::Rename(index) => {
            let pointer = at(index);
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            if let Some(value) = take(manifest, &pointer)
                && let Some(Value::Object(fields)) = manifest.pointer_mut(parent)
            {
                fields.insert(format!("{key}x"), value);
            }
        }
        Spoil::Add(index, value) => match manifest.pointer_mut(&at(index)) {
            Some(Value::Object(fields)) => drop(fields.insert("extra".into(), value.clone())),
            Some(Value::Array(items)) => items.push(value.clone()),
            _ => {}
        },
        Spoil::Wrap(index) => {
            let slot = manifest.pointer_mut(&at(index)).unwrap();
            *slot = json!([slot.take()]);
        }
        Spoil::Copy(to, from) => {
            let value = manifest.pointer(&at(from)).unwrap().clone();
            *manifest.pointer_mut(&at(to)).unwrap() = value;
        }
    }
}

fn take(manifest: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match manifest.pointer_mut(parent)? {
        Value::Object(fields) => fields.shift_remove(&unescaped(key)),
        Value::Array(items) => {
            let index: usize = key.parse().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

fn gather(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => below(fields, &pointer, places),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                gather(item, format!("{pointer}/{index}"), places);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        places.push(pointer);
    }
}

fn below(fields: &Map<String, Value>, pointer: &str, places: &mut Vec<String>) {
    for (key, value) in fields {
        let key = key.replace('~', "~0").replace('/', "~1");
        gather(value, format!("{pointer}/{key}"), places);
    }
}

#[test]
fn together_they_are_right_and_of_every_kind() {
    let files: Vec<String> = all().iter().map(Value::to_string).collect();
    let loaded = crate::load_files(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let kinds: std::collections::BTreeSet<_> = loaded
        .manifests
        .iter()
        .map(|manifest| manifest.object.kind())
        .collect();
    assert_eq!(kinds.len(), assay_reconciler::kind::Kind::ALL.len());
    assert_eq!(loaded.manifests.len(), files.len());
}
