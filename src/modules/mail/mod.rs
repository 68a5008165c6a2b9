//! Module `mail`: letters to people, through an outbox that survives a crash.
//!
//! Whoever has something to tell puts a [`Letter`] into the outbox with [`queue`], in the transaction
//! that does what the letter tells of, and calls [`Mails::wake`] once it has committed. A task hands it
//! to the mail server, or puts it into a folder where there is none.

mod composed;
mod delivery;
mod letter;
mod outbox;
mod transport;
mod words;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    delivery::Mails,
    letter::Letter,
    outbox::{Recipient, queue, queue_nothing},
};
use super::Context;

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        Box::pin(delivery::run(context.clone(), stop.clone())),
        Box::pin(delivery::reap(context.clone(), stop)),
    ]
}
