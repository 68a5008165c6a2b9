//! Diff and plan: typed desired state against observed state gives an ordered plan.

pub mod owner;
pub mod plan;
pub mod state;

pub use owner::{Generation, Owner, SetName};
pub use plan::{Action, Change, Conflict, Plan, PlanError, Reason};
pub use state::{DesiredState, ObservedObject, ObservedState};
