use assay_permissions::TupleError;

use crate::store::StoreError;

/// Why nothing was written. Places are those in the request, from 0.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// More than one write may do.
    #[error("{found} updates in one write; {limit} at most: import takes any number")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More than one write may ask for.
    #[error("{found} preconditions in one write; {limit} at most")]
    TooManyPreconditions {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A tuple that the namespaces do not allow.
    #[error("update {index}: {error}")]
    Tuple {
        /// Which update.
        index: usize,
        /// What is wrong.
        error: TupleError,
    },
    /// A tuple twice.
    #[error(
        "update {index}: `{tuple}` is in update {earlier} already; a write says one thing of a tuple"
    )]
    Twice {
        /// Which update.
        index: usize,
        /// Where it is too.
        earlier: usize,
        /// The tuple.
        tuple: String,
    },
    /// A tuple that is to be created and is there.
    #[error("update {index}: `{tuple}` is there already; `touch` does not mind")]
    Exists {
        /// Which update.
        index: usize,
        /// The tuple.
        tuple: String,
    },
    /// What the request takes for granted is not so.
    #[error("precondition {index} does not hold: {}", if *.must_exist { "no tuple is like that" } else { "there is such a tuple" })]
    Precondition {
        /// Which precondition.
        index: usize,
        /// Whether a tuple was to be there.
        must_exist: bool,
    },
    /// Another configuration has come in between.
    #[error("the namespaces have just been changed; write once more")]
    Namespaces,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
