//! The servers that live on this database, and the generation each of them serves.

use std::time::Duration;

use assay_reconciler::diff::Generation;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{StoreError, execute, fetch_all},
};

/// How often a server should say that it is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// A server that was not heard of for this long does not count as live.
pub const LIVE: Duration = Duration::from_secs(30);
/// How long the row of a server that died is kept.
const FORGET: Duration = Duration::from_hours(1);
/// How often to look whether the others have followed.
const LOOK: Duration = Duration::from_millis(50);

/// A server that registered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReplicaId(String);

impl ReplicaId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a server last said about itself.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replica {
    /// Made when the server starts.
    pub id: String,
    /// When it started.
    pub started_at: UnixMillis,
    /// When it was last heard of.
    pub seen_at: UnixMillis,
    /// The generation it serves.
    pub generation: Generation,
    /// Why it serves no newer one, if building that failed.
    pub error: Option<String>,
}

/// Not every live server has followed.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// These serve an older generation still.
    #[error("{}", behind(*.wanted, .waited, .replicas))]
    Behind {
        /// What was waited for.
        wanted: Generation,
        /// How long.
        waited: Duration,
        /// Who has not followed.
        replicas: Vec<Replica>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn behind(wanted: Generation, waited: &Duration, replicas: &[Replica]) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "after {} s, {} of the live servers do not serve generation {wanted}:",
        waited.as_secs(),
        replicas.len()
    );
    for replica in replicas {
        let _ = write!(text, "\n  {} serves {}", replica.id, replica.generation);
        if let Some(error) = &replica.error {
            let _ = write!(text, ": {error}");
        }
    }
    text
}

impl Engine {
    /// Counts this process among the live servers.
    pub async fn register(&self, serving: Generation) -> Result<ReplicaId, StoreError> {
        let id = ReplicaId(token::uuid_v7(self.clock.now())?.to_string());
        execute!(
            &self.store,
            "DELETE FROM replicas WHERE seen_at < $1",
            self.clock.now() - FORGET
        )?;
        self.heartbeat(&id, serving, None).await?;
        Ok(id)
    }

    /// Says that this server lives, and what it serves. To be called every [`HEARTBEAT`], and at once
    /// when the generation or the error changes.
    pub async fn heartbeat(
        &self,
        id: &ReplicaId,
        serving: Generation,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        execute!(
            &self.store,
            "INSERT INTO replicas (id, started_at, seen_at, generation, error)
             VALUES ($1, $2, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE
                SET seen_at = excluded.seen_at, generation = excluded.generation,
                    error = excluded.error",
            id.as_str(),
            self.clock.now(),
            serving.0,
            error
        )
        .map(drop)
    }

    /// Says that this server goes, so that nobody waits for it.
    pub async fn leave(&self, id: &ReplicaId) -> Result<(), StoreError> {
        execute!(
            &self.store,
            "DELETE FROM replicas WHERE id = $1",
            id.as_str()
        )
        .map(drop)
    }

    /// The live servers, oldest first.
    pub async fn replicas(&self) -> Result<Vec<Replica>, StoreError> {
        let rows = fetch_all!(
            &self.store,
            (String, UnixMillis, UnixMillis, i64, Option<String>),
            "SELECT id, started_at, seen_at, generation, error
               FROM replicas
              WHERE seen_at > $1
              ORDER BY started_at, id",
            self.clock.now() - LIVE
        )?;
        let replica = |(id, started_at, seen_at, generation, error)| Replica {
            id,
            started_at,
            seen_at,
            generation: Generation(generation),
            error,
        };
        Ok(rows.into_iter().map(replica).collect())
    }

    /// Waits until every live server serves `generation` or a newer one.
    ///
    /// # Errors
    /// Who is still behind when `timeout` has passed.
    pub async fn wait_for_replicas(
        &self,
        generation: Generation,
        timeout: Duration,
    ) -> Result<Vec<Replica>, ReplicaError> {
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            let all = self.replicas().await?;
            let is_behind = |replica: &&Replica| replica.generation < generation;
            let behind: Vec<Replica> = all.iter().filter(is_behind).cloned().collect();
            if behind.is_empty() {
                return Ok(all);
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(ReplicaError::Behind {
                    wanted: generation,
                    waited: timeout,
                    replicas: behind,
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
