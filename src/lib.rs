//! assay.

pub mod boot;
pub mod cli;
pub mod clock;
pub mod crypto;
pub mod generation;
pub mod modules;
pub mod outgoing;
pub mod server;
pub mod store;
