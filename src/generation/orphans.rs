//! Tuples that new namespaces would not allow. What is left out may be a ban, so no such change is made.

use std::{collections::BTreeMap, fmt};

use assay_permissions::{Object, Plan as Compiled, Subject, Tuple, WILDCARD};
use assay_reconciler::{diff::Plan, kind::Kind, spec::ZanzibarNamespaceSpec};
use serde_json::{Map, Value};

use super::{documents, errors::ApplyError};
use crate::{
    clock::UnixMillis,
    store::{StoreError, Tx, execute, fetch_all},
};

/// How many relations are named.
const SHOWN: usize = 10;

/// Tuples of one relation with one type of subject, which would not be allowed any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Orphans {
    /// How many.
    pub count: i64,
    /// One of them.
    pub sample: String,
    /// What is wrong with it then.
    pub reason: String,
}

impl fmt::Display for Orphans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, reason, .. } = self;
        match count {
            1 => write!(f, "1 tuple: {reason}"),
            _ => write!(f, "{count} tuples, such as {reason}"),
        }
    }
}

/// All of them, in words.
pub(super) fn in_words(orphans: &[Orphans]) -> String {
    use fmt::Write as _;
    let mut text = String::from(
        "tuples are stored that these namespaces do not allow; delete them first (`DELETE /auth/zanzibar/tuples`), \
         or go on allowing them:",
    );
    for orphans in orphans.iter().take(SHOWN) {
        // A String takes everything.
        _ = write!(text, "\n  {orphans}");
    }
    let more = orphans.len().saturating_sub(SHOWN);
    if more > 0 {
        _ = write!(text, "\n  and those of {more} more relations");
    }
    text
}

/// What held before a plan was carried out.
pub(super) struct Before {
    /// None, if only another version can read it: then nothing that is left out was left out before.
    namespaces: Option<Compiled>,
}

impl Before {
    fn accepted(&self, tuple: &Tuple) -> bool {
        let namespaces = self.namespaces.as_ref();
        namespaces.is_none_or(|namespaces| namespaces.accepts(tuple).is_ok())
    }
}

/// The namespaces before a plan is carried out; nothing, where it does not touch any.
///
/// Whoever writes tuples waits from here on until the plan has been carried out, and is then held to what
/// it has made.
pub(super) async fn before(tx: &mut Tx, plan: &Plan) -> Result<Option<Before>, ApplyError> {
    let is_touched = plan
        .changes
        .iter()
        .any(|change| change.key.kind == Kind::ZanzibarNamespace);
    if !is_touched {
        return Ok(None);
    }
    execute!(
        tx,
        "UPDATE zanzibar_head SET revision = revision WHERE id = 1"
    )?;
    let namespaces = match compiled(tx).await {
        Ok(namespaces) => Some(namespaces),
        Err(ApplyError::Namespaces(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(Some(Before { namespaces }))
}

/// Refuses what has been written, if tuples that the namespaces allowed `before` are left without.
pub(super) async fn refuse(
    tx: &mut Tx,
    before: Option<&Before>,
    now: UnixMillis,
) -> Result<(), ApplyError> {
    let Some(before) = before else {
        return Ok(());
    };
    let after = compiled(tx).await?;
    let mut orphans = Vec::new();
    for alike in all_alike(tx, now).await? {
        let tuple = alike.tuple(Map::new());
        if before.accepted(&tuple)
            && let Err(error) = after.accepts(&tuple)
        {
            orphans.push(Orphans {
                count: alike.count,
                sample: tuple.to_string(),
                reason: error.to_string(),
            });
            continue;
        }
        // Its parameters may be of other types now.
        if alike.caveat.is_some()
            && let Some(found) = misfits(tx, &alike, before, &after, now).await?
        {
            orphans.push(found);
        }
    }
    if orphans.is_empty() {
        return Ok(());
    }
    Err(ApplyError::Orphans(orphans))
}

async fn compiled(tx: &mut Tx) -> Result<Compiled, ApplyError> {
    let mut specs: BTreeMap<String, ZanzibarNamespaceSpec> = BTreeMap::new();
    for document in documents::all(tx, Kind::ZanzibarNamespace).await? {
        let namespace = document.configured(Kind::ZanzibarNamespace)?;
        specs.insert(namespace.name, namespace.spec);
    }
    let specs = specs
        .iter()
        .map(|(name, spec)| (name.clone(), spec))
        .collect();
    Ok(Compiled::compile(&specs)?)
}

/// Tuples that the namespaces treat alike, and one of them.
#[derive(sqlx::FromRow)]
struct Alike {
    resource_type: String,
    relation: String,
    subject_type: String,
    subject_rel: String,
    is_everyone: bool,
    caveat: Option<String>,
    ends: bool,
    count: i64,
    resource_id: String,
    subject_id: String,
}

impl Alike {
    fn tuple(&self, context: Map<String, Value>) -> Tuple {
        let subject_id = if self.is_everyone {
            WILDCARD
        } else {
            &self.subject_id
        };
        Tuple {
            resource: Object {
                namespace: self.resource_type.clone(),
                id: self.resource_id.clone(),
            },
            relation: self.relation.clone(),
            subject: Subject {
                namespace: self.subject_type.clone(),
                id: subject_id.to_owned(),
                relation: Some(self.subject_rel.clone()).filter(|name| !name.is_empty()),
            },
            caveat: self.caveat.clone().map(|name| (name, context)),
            expires_at: self.ends.then_some(i64::MAX),
        }
    }
}

async fn all_alike(tx: &mut Tx, now: UnixMillis) -> Result<Vec<Alike>, StoreError> {
    fetch_all!(
        tx,
        Alike,
        "SELECT resource_type, relation, subject_type, subject_rel, (subject_id = '*') AS is_everyone, caveat,
                (expires_at IS NOT NULL) AS ends, COUNT(*) AS count, MIN(resource_id) AS resource_id,
                MIN(subject_id) AS subject_id
           FROM zanzibar_tuples
          WHERE expires_at IS NULL OR expires_at > $1
          GROUP BY resource_type, relation, subject_type, subject_rel, (subject_id = '*'), caveat,
                (expires_at IS NOT NULL)
          ORDER BY resource_type, relation, subject_type, subject_rel",
        now
    )
}

/// Those of the alike whose contexts do not fit the caveat any more.
async fn misfits(
    tx: &mut Tx,
    alike: &Alike,
    before: &Before,
    after: &Compiled,
    now: UnixMillis,
) -> Result<Option<Orphans>, ApplyError> {
    let contexts = fetch_all!(
        tx,
        (Option<String>, i64, String, String),
        "SELECT context, COUNT(*), MIN(resource_id), MIN(subject_id)
           FROM zanzibar_tuples
          WHERE resource_type = $1 AND relation = $2 AND subject_type = $3 AND subject_rel = $4 AND caveat = $5
            AND (expires_at IS NULL OR expires_at > $6)
          GROUP BY context",
        &alike.resource_type,
        &alike.relation,
        &alike.subject_type,
        &alike.subject_rel,
        alike.caveat.as_deref(),
        now
    )?;
    let mut found: Option<Orphans> = None;
    for (context, count, resource_id, subject_id) in contexts {
        let context: Map<String, Value> =
            context.map_or(Ok(Map::new()), |text| serde_json::from_str(&text))?;
        let mut tuple = alike.tuple(context);
        tuple.resource.id = resource_id;
        tuple.subject.id = subject_id;
        if before.accepted(&tuple)
            && let Err(error) = after.accepts(&tuple)
        {
            let orphans = found.get_or_insert_with(|| Orphans {
                count: 0,
                sample: tuple.to_string(),
                reason: error.to_string(),
            });
            orphans.count += count;
        }
    }
    Ok(found)
}
