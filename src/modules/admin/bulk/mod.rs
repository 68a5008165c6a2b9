//! People in bulk: read from lines of JSON, one person a line, and written as such.
//!
//! Whoever reads gives the lines to an [`Importer`] as they come, so nothing of a file is kept but what
//! tells two people apart. A batch of lines is one transaction. From the first batch on in which something
//! is wrong nothing is written any more; the rest is only looked through, so that all problems are told at
//! once. What was written is found again when the same lines come once more.

mod export;
mod import;
mod line;
mod matched;
mod pieces;
mod placed;
mod problem;
mod routes;
mod seen;

pub(super) use self::routes::routes;
pub use self::{
    export::{ExportPage, Hashes, PAGE},
    import::{BATCH, ImportOptions, Imported, Importer},
    line::Incoming,
    pieces::{Line, MAX_LINE, Pieces},
    problem::{LineProblem, SHOWN},
    seen::Seen,
};
