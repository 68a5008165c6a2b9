//! Permissions without a server: the command line asks the database itself, and is told the same.

use std::sync::Arc;

use assay_permissions::TupleLine;
use serde_json::Value;

use super::{
    PinError, Tuples, View,
    index::{LoadError, Namespaces},
    routes,
    tuples::{Operation, Update, WriteError, Writer},
};
use crate::{
    clock::Clock,
    crypto::Keyring,
    generation::Snapshot,
    modules::{Problem, admin::bulk::Line},
    store::Store,
};

/// All tuples as they were when it was opened.
pub struct Desk {
    store: Store,
    clock: Clock,
    view: Arc<View>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Namespaces that cannot be compiled.
    #[error(transparent)]
    Namespaces(#[from] assay_permissions::PlanError),
    /// Tuples that cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No view.
    #[error(transparent)]
    Pin(#[from] PinError),
}

/// Why lines were not imported.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// One that is wrong.
    #[error("line {line}: {message}")]
    Line {
        /// Which, as it was counted.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// All of them.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Desk {
    /// Loads the tuples.
    pub async fn open(
        store: Store,
        keyring: Arc<Keyring>,
        clock: Clock,
        snapshot: &Snapshot,
    ) -> Result<Self, DeskError> {
        let tuples = Tuples::new(keyring);
        tuples.serve(snapshot.generation, &Namespaces::of(snapshot, None)?);
        tuples.load_once(&store).await?;
        let view = tuples.newest().ok_or(PinError::Loading)?;
        Ok(Self { store, clock, view })
    }

    /// What `POST /auth/zanzibar/...` says to a body.
    ///
    /// # Errors
    /// What it says as well.
    pub fn ask(&self, path: &str, body: Value) -> Result<Value, Problem> {
        routes::alone(&self.view, path, body, self.clock.now().as_i64())
    }

    /// Every tuple that has not expired.
    pub fn tuples(&self) -> impl Iterator<Item = TupleLine> + '_ {
        let now = self.clock.now().as_i64();
        let tuples = self.view.snapshot.tuples();
        tuples
            .filter(move |tuple| tuple.expires_at.is_none_or(|end| end > now))
            .map(TupleLine::from)
    }

    /// Touches the tuples of these lines, and says how many are other than before.
    pub async fn import(&self, lines: Vec<Line>) -> Result<u64, LineError> {
        let mut updates = Vec::with_capacity(lines.len());
        let mut numbers = Vec::with_capacity(lines.len());
        for Line { number, text } in lines {
            let wrong = |message: String| LineError::Line {
                line: number,
                message,
            };
            let text = text.ok_or_else(|| wrong("the line is too long".to_owned()))?;
            let line: TupleLine =
                serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
            updates.push(Update {
                operation: Operation::Touch,
                tuple: line.into(),
            });
            numbers.push(number);
        }
        let writer = Writer {
            store: &self.store,
            plan: &self.view.namespaces.plan,
            generation: self.view.generation,
            now: self.clock.now(),
        };
        let line = |index: usize| numbers.get(index).copied().unwrap_or_default();
        match writer.write(&updates, &[]).await {
            Ok(written) => Ok(written.changed),
            Err(WriteError::Tuple { index, error }) => Err(LineError::Line {
                line: line(index),
                message: error.to_string(),
            }),
            Err(WriteError::Twice { index, tuple, .. }) => Err(LineError::Line {
                line: line(index),
                message: format!("`{tuple}` is there twice"),
            }),
            Err(error) => Err(error.into()),
        }
    }
}
