//! Module `mail`: letters to people, through an outbox that survives a crash.
//!
//! Whoever has something to tell puts a [`Letter`] into the outbox with [`queue`], in the transaction
//! that does what the letter tells of, and calls [`Mails::wake`] once it has committed. A task hands it
//! to the mail server, or puts it into a folder where there is none.

mod composed;
mod delivery;
mod letter;
mod listing;
mod outbox;
mod reap;
mod transport;
mod words;

use std::path::Path;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    delivery::Mails,
    letter::Letter,
    listing::{MailListed, MailState, MailsListed, list, resend},
    outbox::{Recipient, queue, queue_nothing},
};
use super::Context;
use crate::generation::Snapshot;

/// Where mails go in this generation, for the log; `None` if nobody need be told.
pub fn destination(snapshot: &Snapshot, folder: Option<&Path>) -> Option<String> {
    let settings = snapshot.mail_settings();
    match (&settings.smtp, &settings.folder, folder) {
        (Some(_), _, _) => None,
        (None, Some(folder), _) => Some(format!("mails are put into {folder}")),
        (None, None, Some(folder)) => Some(format!(
            "mails are put into {}; `smtp` in the settings of module `mail` sends them",
            folder.display()
        )),
        (None, None, None) => Some(
            "mails wait in the database; `smtp` in the settings of module `mail` sends them"
                .to_owned(),
        ),
    }
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        Box::pin(delivery::run(context.clone(), stop.clone())),
        Box::pin(reap::REAPER.run(context.clone(), stop)),
    ]
}
