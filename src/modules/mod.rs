//! The parts of the product that can be switched on and off.

pub mod problem;
mod site;

pub use self::{problem::Problem, site::Site};
