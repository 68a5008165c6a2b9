//! Diff and plan: typed desired state against observed state gives an ordered plan.

mod check;
mod draft;
pub mod error;
pub mod fields;
pub mod guard;
mod order;
pub mod owner;
pub mod plan;
mod rename;
pub mod restore;
pub mod resulting;
pub mod state;

pub use error::{Conflict, PlanError};
pub use guard::{Guard, KeyLoss};
pub use owner::{Generation, Owner, SetName};
pub use plan::{Action, Change, Ownership, Plan, Reason, Summary};
pub use restore::Restored;
pub use resulting::{Resulting, ResultingObject};
pub use state::{DesiredState, ObservedObject, ObservedState};

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod plan_tests;
