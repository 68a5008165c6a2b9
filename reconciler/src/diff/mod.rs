//! Diff and plan: typed desired state against observed state gives an ordered plan.

mod check;
pub mod document;
mod draft;
pub mod error;
pub mod fields;
pub mod guard;
mod order;
pub mod owner;
pub mod plan;
mod rename;
pub mod render;
pub mod restore;
pub mod resulting;
mod signing;
pub mod state;

pub(crate) use document::schema;
pub use document::{PlanDocument, SavedPlanError};
pub use error::{Conflict, PlanError};
pub use guard::{Guard, KeyLoss};
pub use owner::{Generation, Owner, SetName};
pub use plan::{Action, Change, Ended, Ownership, Plan, Reason, Summary};
pub use restore::Restored;
pub use resulting::{Resulting, ResultingObject};
pub use state::{DesiredState, ObservedObject, ObservedState, SealError};

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod document_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod laws;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod plan_tests;
