//! The live configuration page by page, for those who look at it.

use assay_reconciler::{
    diff::{Generation, Owner},
    kind::Kind,
    object::Object,
};

use super::{
    Engine,
    documents::{Document, sql_for},
    errors::ApplyError,
};
use crate::{clock::UnixMillis, store::fetch_all};

/// An object as it is live.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What it is known by to everything that hangs on it; survives a rename.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// The generation that changed it last.
    pub generation: Generation,
    /// When that was.
    pub updated_at: UnixMillis,
    /// The object, its secrets in their stored form.
    pub object: Object,
}

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    document: Document,
    generation: i64,
    updated_at: UnixMillis,
}

impl Row {
    fn decode(self, kind: Kind) -> Result<Listed, ApplyError> {
        Ok(Listed {
            owner: self.document.owner(kind)?,
            generation: Generation(self.generation),
            updated_at: self.updated_at,
            object: self.document.decode(kind)?,
            id: self.document.id,
        })
    }
}

impl Engine {
    /// The objects of a kind whose name comes after `after`, by name; `limit` at most.
    pub async fn listed(
        &self,
        kind: Kind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Listed>, ApplyError> {
        let rows = fetch_all!(
            &self.store,
            Row,
            sql_for!(
                kind,
                "SELECT id, name, owner, metadata, spec, hash, generation, updated_at FROM ",
                " WHERE name > $1 ORDER BY name LIMIT $2"
            ),
            after,
            i64::from(limit)
        )?;
        rows.into_iter().map(|row| row.decode(kind)).collect()
    }

    /// The object of this name.
    pub async fn listed_one(&self, kind: Kind, name: &str) -> Result<Option<Listed>, ApplyError> {
        let rows = fetch_all!(
            &self.store,
            Row,
            sql_for!(
                kind,
                "SELECT id, name, owner, metadata, spec, hash, generation, updated_at FROM ",
                " WHERE name = $1"
            ),
            name
        )?;
        rows.into_iter()
            .next()
            .map(|row| row.decode(kind))
            .transpose()
    }
}
