//! The tuples in the database, which are what is true.
//!
//! Whoever writes holds the row of `zanzibar_head` until the commit, so that writers take turns: the log
//! has one revision a write, without gaps and in the order of commits. Reading waits for nobody.

mod ended;
mod filter;
mod log;
mod read;
mod refused;
mod row;
mod statements;
mod write;

pub(super) use self::{
    ended::reap,
    log::{logged_after, trim},
    read::{all_after, head},
    row::TupleRow,
};
pub use self::{
    filter::Filter,
    log::{Logged, Position, position},
    read::{Cursor, Selected, select},
    refused::WriteError,
    row::Key,
    write::{MAX_UPDATES, Operation, Precondition, Presence, Update, Writer, Written, delete},
};
