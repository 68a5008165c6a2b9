//! Where letters go.

mod folder;
mod smtp;

use std::{io, path::PathBuf};

use assay_reconciler::spec::module::Smtp;

use lettre::Message;

use super::outbox::Taken;
use crate::modules::Context;

/// How letters leave.
#[derive(Debug)]
pub(super) enum Transport {
    /// To this mail server.
    Smtp(Box<Smtp>),
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
    #[error(transparent)]
    Smtp(#[from] smtp::SmtpError),
}

impl TransportError {
    /// Whether another attempt can only end in the same way.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Nowhere | Self::Folder { .. } => false,
            Self::Smtp(error) => error.is_final(),
        }
    }
}

impl Transport {
    /// How letters leave in this generation.
    pub(super) fn of(context: &Context) -> Self {
        let settings = context.snapshot.mail_settings();
        if let Some(smtp) = &settings.smtp {
            return Self::Smtp(Box::new(smtp.clone()));
        }
        let folder = settings.folder.as_ref().map(PathBuf::from);
        match folder.or_else(|| context.mails.folder().cloned()) {
            Some(folder) => Self::Folder(folder),
            None => Self::Nowhere,
        }
    }

    /// Hands the letter over.
    pub(super) async fn send(
        &self,
        context: &Context,
        mail: &Taken,
        message: &Message,
    ) -> Result<(), TransportError> {
        match self {
            Self::Smtp(server) => Ok(smtp::send(server, context, message).await?),
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
