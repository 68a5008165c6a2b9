//! The generations there were.

use assay_reconciler::diff::Generation;
use serde::{Deserialize, Serialize};

use super::{
    Engine,
    errors::ApplyError,
    record::{Actor, Source},
};
use crate::{
    clock::UnixMillis,
    store::{fetch_all, fetch_optional},
};

/// The most records that one call gives.
pub const MAX_RECORDS: u32 = 1_000;

/// What is known about one generation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationRecord {
    /// Its number.
    pub generation: Generation,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Who made it.
    pub actor: Actor,
    /// The set of manifests it was made from; none for changes by hand and rollbacks.
    pub set: Option<String>,
    /// Where the manifests come from.
    pub source: Source,
    /// The digest of the manifests; empty where there were none.
    pub digest: String,
    /// How many objects it made, changed and deleted.
    pub summary: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    created_at: UnixMillis,
    actor: String,
    set_name: Option<String>,
    source_commit: Option<String>,
    source_dirty: Option<bool>,
    source_url: Option<String>,
    digest: String,
    summary: String,
}

impl From<Row> for GenerationRecord {
    fn from(row: Row) -> Self {
        Self {
            generation: Generation(row.number),
            created_at: row.created_at,
            actor: Actor::new(row.actor),
            set: row.set_name,
            source: Source {
                commit: row.source_commit,
                dirty: row.source_dirty,
                url: row.source_url,
            },
            digest: row.digest,
            summary: row.summary,
        }
    }
}

impl Engine {
    /// The newest generations, newest first: at most `limit` (and [`MAX_RECORDS`]), and only those
    /// before `before`, if given.
    pub async fn history(
        &self,
        limit: u32,
        before: Option<Generation>,
    ) -> Result<Vec<GenerationRecord>, ApplyError> {
        let rows = fetch_all!(
            &self.store,
            Row,
            "SELECT number, created_at, actor, set_name, source_commit, source_dirty, source_url,
                    digest, summary
               FROM generations
              WHERE number < $1
              ORDER BY number DESC
              LIMIT $2",
            before.map_or(i64::MAX, |before| before.0),
            i64::from(limit.min(MAX_RECORDS))
        )?;
        Ok(rows.into_iter().map(GenerationRecord::from).collect())
    }

    /// The plan that made a generation, as JSON with secrets masked; `None` if there is no such one.
    pub async fn recorded_plan(
        &self,
        generation: Generation,
    ) -> Result<Option<String>, ApplyError> {
        let row = fetch_optional!(
            &self.store,
            (String,),
            "SELECT plan FROM generations WHERE number = $1",
            generation.0
        )?;
        Ok(row.map(|(plan,)| plan))
    }
}
