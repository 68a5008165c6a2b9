//! assay.

pub mod boot;
pub mod clock;
pub mod crypto;
pub mod generation;
pub mod modules;
pub mod server;
pub mod store;
