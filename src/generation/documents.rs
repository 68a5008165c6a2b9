//! Configuration documents as the database keeps them: one table a kind, all alike.

use std::{borrow::Cow, collections::BTreeMap};

use assay_reconciler::{
    diff::{Owner, owner::UnknownOwner},
    kind::Kind,
    object::{Metadata, Object, ObjectKey},
    spec::{ModuleName, ModuleSpec},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{Postgres, Sqlite};

use super::snapshot::Configured;
use crate::store::{Handle, StoreError, Tx};

/// The pieces of one SQL text, joined by the name of the kind's table.
macro_rules! sql_for {
    (@join $table:literal $first:literal $($piece:literal)*) => {
        concat!($first $(, $table, $piece)*)
    };
    ($kind:expr, $($piece:literal),+ $(,)?) => {
        match $kind {
            assay_reconciler::kind::Kind::Module =>
                $crate::generation::documents::sql_for!(@join "modules" $($piece)+),
            assay_reconciler::kind::Kind::ZanzibarNamespace =>
                $crate::generation::documents::sql_for!(@join "zanzibar_namespaces" $($piece)+),
            assay_reconciler::kind::Kind::AdminKey =>
                $crate::generation::documents::sql_for!(@join "admin_keys" $($piece)+),
            assay_reconciler::kind::Kind::UpstreamProvider =>
                $crate::generation::documents::sql_for!(@join "upstream_providers" $($piece)+),
            assay_reconciler::kind::Kind::Theme =>
                $crate::generation::documents::sql_for!(@join "themes" $($piece)+),
            assay_reconciler::kind::Kind::Scope =>
                $crate::generation::documents::sql_for!(@join "oidc_scopes" $($piece)+),
            assay_reconciler::kind::Kind::Webhook =>
                $crate::generation::documents::sql_for!(@join "webhooks" $($piece)+),
            assay_reconciler::kind::Kind::MailTemplate =>
                $crate::generation::documents::sql_for!(@join "mail_templates" $($piece)+),
            assay_reconciler::kind::Kind::OidcClient =>
                $crate::generation::documents::sql_for!(@join "oidc_clients" $($piece)+),
        }
    };
}
pub(super) use sql_for;

/// A document that this binary cannot read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{key} as it is stored cannot be read ({source}); a newer assay may have written it: run that one"
)]
pub struct Undecodable {
    /// Which.
    pub key: ObjectKey,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

/// One row of a kind's table.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Document {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) metadata: String,
    pub(super) spec: String,
    pub(super) hash: String,
}

/// What the column `metadata` holds; the name has a column of its own.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredMetadata<'a> {
    labels: Cow<'a, BTreeMap<String, String>>,
    annotations: Cow<'a, BTreeMap<String, String>>,
}

impl Document {
    /// The row that keeps `object`.
    pub(super) fn new(
        id: String,
        owner: &Owner,
        object: &Object,
        hash: String,
    ) -> Result<Self, serde_json::Error> {
        let Metadata {
            name,
            labels,
            annotations,
        } = &object.metadata;
        Ok(Self {
            id,
            name: name.clone(),
            owner: owner.to_string(),
            metadata: serde_json::to_string(&StoredMetadata {
                labels: Cow::Borrowed(labels),
                annotations: Cow::Borrowed(annotations),
            })?,
            spec: serde_json::to_string(&object.spec)?,
            hash,
        })
    }

    /// What it says, in use.
    pub(super) fn configured<S: DeserializeOwned>(
        self,
        kind: Kind,
    ) -> Result<Configured<S>, Undecodable> {
        Ok(Configured {
            spec: self.spec(kind)?,
            uid: self.id,
            name: self.name,
        })
    }

    /// The object it keeps.
    pub(super) fn decode(&self, kind: Kind) -> Result<Object, Undecodable> {
        use assay_reconciler::object::Spec;
        let metadata: StoredMetadata<'_> = self.parse(kind, &self.metadata)?;
        let spec = match kind {
            Kind::Module => Spec::Module(self.module()?.1),
            Kind::ZanzibarNamespace => Spec::ZanzibarNamespace(self.spec(kind)?),
            Kind::AdminKey => Spec::AdminKey(self.spec(kind)?),
            Kind::UpstreamProvider => Spec::UpstreamProvider(self.spec(kind)?),
            Kind::Theme => Spec::Theme(self.spec(kind)?),
            Kind::Scope => Spec::Scope(self.spec(kind)?),
            Kind::Webhook => Spec::Webhook(self.spec(kind)?),
            Kind::MailTemplate => Spec::MailTemplate(self.spec(kind)?),
            Kind::OidcClient => Spec::OidcClient(self.spec(kind)?),
        };
        Ok(Object {
            metadata: Metadata {
                name: self.name.clone(),
                labels: metadata.labels.into_owned(),
                annotations: metadata.annotations.into_owned(),
            },
            spec,
        })
    }

    /// The spec alone, of any kind but `Module`.
    pub(super) fn spec<T: DeserializeOwned>(&self, kind: Kind) -> Result<T, Undecodable> {
        self.parse(kind, &self.spec)
    }

    /// Which module it is, and its spec.
    pub(super) fn module(&self) -> Result<(ModuleName, ModuleSpec), Undecodable> {
        use serde::de::Error as _;
        let module = self
            .name
            .parse::<ModuleName>()
            .map_err(serde_json::Error::custom);
        module
            .and_then(|module| {
                let mut text = serde_json::Deserializer::from_str(&self.spec);
                Ok((module, ModuleSpec::decode(module, &mut text)?))
            })
            .map_err(|source| self.undecodable(Kind::Module, source))
    }

    /// Who owns it.
    pub(super) fn owner(&self, kind: Kind) -> Result<Owner, Undecodable> {
        use serde::de::Error as _;
        self.owner
            .parse()
            .map_err(|error: UnknownOwner| self.undecodable(kind, serde_json::Error::custom(error)))
    }

    fn parse<T: DeserializeOwned>(&self, kind: Kind, text: &str) -> Result<T, Undecodable> {
        serde_json::from_str(text).map_err(|source| self.undecodable(kind, source))
    }

    fn undecodable(&self, kind: Kind, source: serde_json::Error) -> Undecodable {
        Undecodable {
            key: ObjectKey {
                kind,
                name: self.name.clone(),
            },
            source,
        }
    }
}

/// Every document of a kind, by name.
pub(super) async fn all(tx: &mut Tx, kind: Kind) -> Result<Vec<Document>, StoreError> {
    crate::store::fetch_all!(
        tx,
        Document,
        sql_for!(
            kind,
            "SELECT id, name, owner, metadata, spec, hash FROM ",
            " ORDER BY name"
        )
    )
}

/// The documents of a kind with these names, in one statement.
pub(super) async fn named(
    tx: &mut Tx,
    kind: Kind,
    names: &[&str],
) -> Result<Vec<Document>, StoreError> {
    // A list as one value is what the engines write differently.
    let outcome = match tx.reader() {
        Handle::Sqlite(connection) => {
            let list = serde_json::Value::from(names).to_string();
            sqlx::query_as::<Sqlite, Document>(sql_for!(
                kind,
                "SELECT id, name, owner, metadata, spec, hash FROM ",
                " WHERE name IN (SELECT value FROM json_each($1))"
            ))
            .bind(list)
            .fetch_all(connection)
            .await
        }
        Handle::Postgres(connection) => {
            sqlx::query_as::<Postgres, Document>(sql_for!(
                kind,
                "SELECT id, name, owner, metadata, spec, hash FROM ",
                " WHERE name = ANY ($1)"
            ))
            .bind(names)
            .fetch_all(connection)
            .await
        }
    };
    tx.settle(outcome)
}
