//! An engine on a fresh database, and the objects that tests apply.

use std::sync::Arc;

use assay_reconciler::{
    diff::{DesiredState, Ownership, SetName},
    kind::Kind,
    object::{Metadata, Object, ObjectKey, Spec},
};
use serde_json::{Value, json};

use crate::{
    clock::{Clock, UnixMillis},
    crypto::keyring,
    generation::{Actor, Applied, ApplyError, ApplyOptions, Engine},
    store::{Store, testing::TestDb},
};

/// An engine, and what it was made of.
pub(super) struct Room {
    pub(super) engine: Engine,
    pub(super) store: Store,
    pub(super) clock: Clock,
}

/// 2026-11-24T00:00:00Z.
pub(super) const TODAY: UnixMillis = UnixMillis::from_seconds(1_795_478_400);

impl Room {
    pub(super) async fn new(db: &TestDb) -> Self {
        let store = db.store().await;
        let clock = Clock::fixed(TODAY);
        let engine = Engine::new(store.clone(), Arc::new(keyring(1)), clock.clone());
        Self {
            engine,
            store,
            clock,
        }
    }

    /// Applies `objects` as the whole of the set `default`, and deletes what is not among them.
    pub(super) async fn apply(&self, objects: Vec<Object>) -> Result<Applied, ApplyError> {
        self.apply_with(objects, |_| {}).await
    }

    pub(super) async fn apply_with(
        &self,
        objects: Vec<Object>,
        change: impl FnOnce(&mut ApplyOptions),
    ) -> Result<Applied, ApplyError> {
        let mut options = options();
        change(&mut options);
        let desired = self.desired(objects);
        self.engine.apply(desired, options).await
    }

    pub(super) fn desired(&self, objects: Vec<Object>) -> DesiredState {
        self.engine.desired(SetName::default(), objects).unwrap()
    }

    /// The live configuration as text.
    pub(super) async fn exported(&self) -> Vec<String> {
        let objects = self.engine.export(None).await.unwrap();
        objects
            .into_iter()
            .map(|(object, owner)| {
                let canonical = object.canonical().unwrap();
                format!("{} {owner} {canonical}", object.key())
            })
            .collect()
    }

    /// How many rows a table has.
    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        let (count,) = crate::store::fetch_one!(&self.store, (i64,), sql).unwrap();
        count
    }
}

/// Prunes, and does not ask.
pub(super) fn options() -> ApplyOptions {
    ApplyOptions {
        ownership: Ownership {
            prune: true,
            take_over: false,
        },
        yes: true,
        ..ApplyOptions::new(Actor::new("cli:test"))
    }
}

pub(super) fn object(kind: Kind, name: &str, spec: Value) -> Object {
    Object {
        metadata: Metadata {
            name: name.to_owned(),
            labels: std::collections::BTreeMap::default(),
            annotations: std::collections::BTreeMap::default(),
        },
        spec: Spec::decode(kind, name, spec).expect("a spec"),
    }
}

pub(super) fn client(name: &str) -> Object {
    client_with(name, json!({}))
}

/// A confidential client with a secret and these fields besides.
pub(super) fn client_with(name: &str, fields: Value) -> Object {
    let mut spec = json!({
        "clientSecret": { "value": format!("the secret of {name}") },
        "redirectUris": [format!("https://{name}.example.com/callback")],
    });
    let Value::Object(fields) = fields else {
        panic!("fields")
    };
    spec.as_object_mut().unwrap().extend(fields);
    object(Kind::OidcClient, name, spec)
}

pub(super) fn renamed(mut object: Object, from: &str) -> Object {
    object
        .metadata
        .annotations
        .insert("assay/moved-from".to_owned(), from.to_owned());
    object
}

pub(super) fn module(name: &str, enabled: bool) -> Object {
    object(Kind::Module, name, json!({ "enabled": enabled }))
}

pub(super) fn admin_key(name: &str, key: &str) -> Object {
    use assay_reconciler::spec::admin_key::KeyHash;
    let hash = KeyHash::of(key);
    object(
        Kind::AdminKey,
        name,
        json!({ "hash": hash, "permissions": ["*"] }),
    )
}

pub(super) fn upstream(name: &str, secret: &str) -> Object {
    object(
        Kind::UpstreamProvider,
        name,
        json!({
            "issuer": format!("https://{name}.example.org"),
            "clientId": "assay",
            "clientSecret": { "value": secret },
        }),
    )
}

pub(super) fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey {
        kind,
        name: name.to_owned(),
    }
}
