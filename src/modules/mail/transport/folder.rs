//! A folder in which each letter is a file, for development and tests.

use std::{io, path::Path};

use lettre::Message;
use tokio::{
    fs::{self, DirBuilder, OpenOptions},
    io::AsyncWriteExt as _,
};

use crate::modules::mail::outbox::Taken;

/// Puts the letter into the folder. Its name is that of its row, which begins with its time: a letter
/// that is put there again after a crash takes its own place.
pub(super) async fn put(folder: &Path, mail: &Taken, message: &Message) -> io::Result<()> {
    // Links in letters are secrets.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .await?;
    // Whoever looks into the folder sees whole letters only.
    let unfinished = folder.join(format!(".{}", mail.id));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .await?;
    file.write_all(&message.formatted()).await?;
    file.sync_all().await?;
    let name = format!("{}-{}.eml", mail.id, mail.kind);
    fs::rename(&unfinished, folder.join(name)).await
}
