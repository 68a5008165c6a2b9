//! assay.
