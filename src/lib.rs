//! assay.

pub mod clock;
pub mod crypto;
pub mod store;
