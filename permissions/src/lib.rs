//! The permission engine of assay: namespaces and tuples in, answers out.
//!
//! Everything here is pure: no HTTP, no SQL, no clock. The time of a question is part of it.
//!
//! - [`Plan`] is what a set of namespaces compiles to: types, relations and permissions by number,
//!   with the parts that cannot matter to a type of subject pruned away.
//! - [`Snapshot`] is every tuple at one revision: an immutable base, in both directions, and a small
//!   delta over it. A change gives another snapshot; who holds one sees nothing of it.
//! - [`Snapshot::check`] says whether a subject has a relation or permission: yes, no, or that it
//!   depends on context that was not given. Cycles are a least fixpoint, so there is no limit of
//!   depth, only a budget of steps, and going over it is an error: never a yes, never a silent no.
//! - [`Snapshot::lookup_resources`] and [`Snapshot::lookup_subjects`] list what the check grants,
//!   complete under exclusions and wildcards.
//! - [`Snapshot::expand`] takes a permission apart, and [`Snapshot::explain`] says why a check says what
//!   it says.
//! - [`import`] reads schemas and tuples of other systems.

mod caveat;
mod check;
mod expand;
mod explain;
pub mod import;
mod index;
mod line;
mod lookup;
mod plan;
mod tuple;

pub use caveat::{Caveat, ContextError};
pub use check::{Answer, CheckError, DEFAULT_BUDGET, Question, Request};
pub use expand::{Branch, Tree};
pub use explain::{Explanation, Finding, MAX_FINDINGS, Reason};
pub use index::{Change, Snapshot};
pub use line::{CaveatLine, TupleLine};
pub use lookup::{Page, ResourcesQuestion, SubjectsQuestion};
pub use plan::{Plan, PlanError};
pub use tuple::{MAX_ID_LENGTH, Object, Subject, Tuple, TupleError, WILDCARD};
