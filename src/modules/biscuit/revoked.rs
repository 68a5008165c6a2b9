//! Which blocks are good for nothing any more: rows of `biscuit_revocations`, and in memory what each
//! server looks at.

use std::{
    collections::HashSet,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_one},
};

/// The topic under which `revisions` counts revocations: the position of the newest.
const TOPIC: &str = "biscuit-revocations";
/// Rows that are read at once.
const AT_ONCE: i64 = 10_000;
/// Bytes of a revocation id: an Ed25519 signature has 64, one with P-256 a few more.
const MAX_ID: usize = 80;

/// A revocation id in hex, as rows and answers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevocationId(String);

impl RevocationId {
    /// The id that is written so; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
        (!bytes.is_empty() && bytes.len() <= MAX_ID).then(|| Self::of(&bytes))
    }

    /// The id of a block.
    pub(super) fn of(signature: &[u8]) -> Self {
        Self(HEXLOWER_PERMISSIVE.encode(signature))
    }

    /// In lower-case hex.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an id is looked up by.
pub(super) type Mark = u128;

/// The mark of the block with this signature.
pub(super) fn mark(signature: &[u8]) -> Mark {
    let hash = digest(&SHA256, signature);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Mark::from_be_bytes(bytes)
}

/// The revocations that this server knows of.
#[derive(Debug, Default)]
pub(super) struct Revoked {
    marks: RwLock<HashSet<Mark>>,
    /// Of the newest that is among them.
    position: AtomicI64,
}

impl Revoked {
    /// Whether any of these is revoked.
    pub(super) fn any(&self, marks: &[Mark]) -> bool {
        let known = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && marks.iter().any(|mark| known.contains(mark))
    }

    /// Reads what is new.
    pub(super) async fn catch_up(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let position = self.position.load(Ordering::Acquire);
            let rows = fetch_all!(
                store,
                (i64, String),
                "SELECT position, revocation_id FROM biscuit_revocations
                  WHERE position > $1 ORDER BY position LIMIT $2",
                position,
                AT_ONCE
            )?;
            let Some((newest, _)) = rows.last() else {
                return Ok(());
            };
            let newest = *newest;
            let is_last = rows.len() < usize::try_from(AT_ONCE).unwrap_or_default();
            self.add(rows.iter().map(|(_, id)| id.as_str()));
            self.position.fetch_max(newest, Ordering::AcqRel);
            if is_last {
                return Ok(());
            }
        }
    }

    /// Adds ids in hex.
    pub(super) fn add<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        let marks: Vec<Mark> = ids
            .filter_map(|id| HEXLOWER_PERMISSIVE.decode(id.as_bytes()).ok())
            .map(|id| mark(&id))
            .collect();
        let mut known = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(marks);
    }
}

/// Revokes these; gives how many were not before.
pub(super) async fn revoke(
    tx: &mut Tx,
    ids: &[RevocationId],
    by: &str,
    now: UnixMillis,
) -> Result<u64, StoreError> {
    // Whoever holds this row has its turn, so positions are in the order of commits.
    execute!(
        tx,
        "INSERT INTO revisions (topic, value) VALUES ($1, 0) ON CONFLICT (topic) DO UPDATE
            SET value = revisions.value",
        TOPIC
    )?;
    let (mut position,) = fetch_one!(
        tx,
        (i64,),
        "SELECT value FROM revisions WHERE topic = $1",
        TOPIC
    )?;
    let mut revoked = 0;
    for id in ids {
        let added = execute!(
            tx,
            "INSERT INTO biscuit_revocations (revocation_id, position, revoked_at, revoked_by)
             VALUES ($1, $2, $3, $4) ON CONFLICT (revocation_id) DO NOTHING",
            id.as_str(),
            position + 1,
            now,
            by
        )?;
        if added > 0 {
            position += 1;
            revoked += 1;
        }
    }
    execute!(
        tx,
        "UPDATE revisions SET value = $2 WHERE topic = $1",
        TOPIC,
        position
    )?;
    Ok(revoked)
}

/// A revocation as it is listed.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
#[allow(
    clippy::struct_field_names,
    reason = "`revocation_id` is what everybody calls it"
)]
pub(super) struct Revocation {
    /// The id of the block.
    pub revocation_id: String,
    /// Where it stands in the list; `after` for the next page.
    #[serde(skip)]
    pub position: i64,
    /// When it was revoked.
    pub revoked_at: UnixMillis,
}

/// Those after this position, the oldest first.
pub(super) async fn list(
    store: &Store,
    after: i64,
    limit: u32,
) -> Result<Vec<Revocation>, StoreError> {
    fetch_all!(
        store,
        Revocation,
        "SELECT revocation_id, position, revoked_at FROM biscuit_revocations
          WHERE position > $1 ORDER BY position LIMIT $2",
        after,
        i64::from(limit)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hex_and_not_too_long() {
        let id = RevocationId::parse(" ABcd ").unwrap();
        assert_eq!(id.as_str(), "abcd");
        for wrong in ["", "abc", "xy", &"ab".repeat(MAX_ID + 1)] {
            assert_eq!(RevocationId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_revoked_is_found_and_nothing_else() {
        let revoked = Revoked::default();
        assert!(!revoked.any(&[mark(b"a")]));
        revoked.add([RevocationId::of(b"a").as_str()].into_iter());
        assert!(revoked.any(&[mark(b"b"), mark(b"a")]));
        assert!(!revoked.any(&[mark(b"b")]));
    }
}
