//! Where letters go.

mod folder;

use std::{io, path::PathBuf};

use lettre::Message;

use super::outbox::Taken;
use crate::modules::Context;

/// How letters leave.
#[derive(Debug)]
pub(super) enum Transport {
    /// Into this folder, one file each.
    Folder(PathBuf),
    /// They stay in the outbox.
    Nowhere,
}

/// Why a letter did not leave. Holds nothing secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("no settings of the module `mail` say how mails are delivered")]
    Nowhere,
    #[error("{path} cannot be written: {source}", path = .path.display())]
    Folder { path: PathBuf, source: io::Error },
}

impl TransportError {
    /// Whether another attempt can only end in the same way.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Nowhere | Self::Folder { .. } => false,
        }
    }
}

impl Transport {
    /// How letters leave in this generation.
    pub(super) fn of(context: &Context) -> Self {
        match context.mails.folder() {
            Some(folder) => Self::Folder(folder.clone()),
            None => Self::Nowhere,
        }
    }

    /// Hands the letter over.
    pub(super) async fn send(&self, mail: &Taken, message: &Message) -> Result<(), TransportError> {
        match self {
            Self::Nowhere => Err(TransportError::Nowhere),
            Self::Folder(folder) => {
                folder::put(folder, mail, message)
                    .await
                    .map_err(|source| TransportError::Folder {
                        path: folder.clone(),
                        source,
                    })
            }
        }
    }
}
