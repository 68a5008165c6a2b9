//! What is in the database now.

use std::collections::BTreeMap;

use assay_reconciler::{
    diff::{Generation, ObservedObject, ObservedState, Owner},
    kind::Kind,
    object::ObjectKey,
};

use super::{
    documents::{self, Document, Undecodable},
    errors::ApplyError,
};
use crate::store::{StoreError, Tx, fetch_all, fetch_one};

/// The newest generation; 0 on an empty database.
pub(super) async fn current(tx: &mut Tx) -> Result<Generation, StoreError> {
    let (number,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COALESCE(MAX(number), 0) FROM generations"
    )?;
    Ok(Generation(number))
}

/// Every object's identity and hash, without its content.
///
/// One text per kind rather than a row per object: taking 11,000 rows apart in the driver costs more
/// than the whole plan.
pub(super) async fn observe(tx: &mut Tx) -> Result<ObservedState, ApplyError> {
    let generation = current(tx).await?;
    let listings: Vec<(String, Option<String>)> = fetch_all!(
        tx,
        (String, Option<String>),
        "SELECT 'Module', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM modules
         UNION ALL
         SELECT 'ZanzibarNamespace', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM zanzibar_namespaces
         UNION ALL
         SELECT 'AdminKey', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM admin_keys
         UNION ALL
         SELECT 'UpstreamProvider', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM upstream_providers
         UNION ALL
         SELECT 'Theme', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM themes
         UNION ALL
         SELECT 'Scope', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM oidc_scopes
         UNION ALL
         SELECT 'Webhook', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM webhooks
         UNION ALL
         SELECT 'MailTemplate', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM mail_templates
         UNION ALL
         SELECT 'OidcClient', string_agg(hash || ' ' || id || ' ' || owner || ' ' || name, '\n')
           FROM oidc_clients"
    )?;
    let mut objects = Vec::new();
    for (kind, listing) in &listings {
        let Ok(kind) = kind.parse::<Kind>() else {
            continue;
        };
        for line in listing.iter().flat_map(|listing| listing.split('\n')) {
            objects.push(listed(kind, line)?);
        }
    }
    Ok(ObservedState {
        generation,
        objects: objects.into_iter().collect::<BTreeMap<_, _>>(),
    })
}

fn listed(kind: Kind, line: &str) -> Result<(ObjectKey, ObservedObject), Undecodable> {
    use serde::de::Error as _;
    let mut fields = line.splitn(4, ' ');
    let mut field = || fields.next().unwrap_or_default();
    let (hash, id, owner, name) = (field(), field(), field(), field());
    let key = ObjectKey {
        kind,
        name: name.to_owned(),
    };
    match owner.parse::<Owner>() {
        Ok(owner) => Ok((
            key,
            ObservedObject {
                id: id.to_owned(),
                owner,
                hash: hash.to_owned(),
                object: None,
            },
        )),
        Err(error) => Err(Undecodable {
            key,
            source: serde_json::Error::custom(error),
        }),
    }
}

/// Adds the content of the objects that a plan will show or change: one statement a kind.
pub(super) async fn load(
    tx: &mut Tx,
    observed: &mut ObservedState,
    keys: &[ObjectKey],
) -> Result<(), ApplyError> {
    for kind in Kind::ALL {
        let names: Vec<&str> = keys
            .iter()
            .filter(|key| key.kind == kind)
            .map(|key| key.name.as_str())
            .collect();
        if !names.is_empty() {
            fill(observed, kind, &documents::named(tx, kind, &names).await?)?;
        }
    }
    Ok(())
}

/// Adds the content of every object.
pub(super) async fn load_all(tx: &mut Tx, observed: &mut ObservedState) -> Result<(), ApplyError> {
    for kind in Kind::ALL {
        fill(observed, kind, &documents::all(tx, kind).await?)?;
    }
    Ok(())
}

fn fill(
    observed: &mut ObservedState,
    kind: Kind,
    documents: &[Document],
) -> Result<(), Undecodable> {
    for document in documents {
        let object = document.decode(kind)?;
        if let Some(found) = observed.objects.get_mut(&object.key()) {
            found.object = Some(object);
        }
    }
    Ok(())
}
