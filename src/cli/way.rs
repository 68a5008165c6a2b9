//! The two ways to an installation: the database itself, or the admin API of a server. Every command
//! asks here and prints what it is told, so the output is the same.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use assay_reconciler::diff::{Generation, PlanDocument, SetName};
use tokio::time::Instant;

use super::{
    Exit, Failure,
    local::Local,
    remote::{Remote, RemoteImport},
};
use crate::{
    boot::{BootConfig, Overrides},
    generation::{RootKeyRecord, SigningKeyRecord},
    modules::admin::{
        ApplyReply, ApplyRequest, CreateUser, Export, Generations, HistoryQuery, ModuleState,
        Person, PlanRequest, RollbackRequest, Rotated, Status, SwitchRequest,
        bulk::{ExportPage, Hashes, ImportOptions, Imported, Importer, Line},
    },
    modules::biscuit::{IssueRequest, Issued, RevokeReply, RevokeRequest, Verdict, VerifyRequest},
};

/// How often to look whether the servers have followed.
const LOOK: Duration = Duration::from_millis(100);

/// Where the installation is.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Where")]
pub(super) struct Where {
    /// The boot configuration; `engine.toml` in this folder, if there is one, unless given.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where SQLite keeps its file, over `backend.data_dir`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Go through the admin API of this server, such as https://auth.example.com.
    #[arg(long, value_name = "URL", env = "ASSAY_SERVER", hide_env_values = true)]
    server: Option<String>,
    /// A file with the admin key for `--server`; without it, the key is in ASSAY_ADMIN_KEY.
    #[arg(long, value_name = "FILE", requires = "server")]
    admin_key_file: Option<PathBuf>,
}

/// An open way to an installation.
pub(super) enum Way {
    /// This process works on the database.
    Local(Box<Local>),
    /// A server does.
    Remote(Remote),
}

/// An import under way.
pub(super) enum Importing<'w> {
    /// Into the database.
    Local(Box<Importer>),
    /// By a server.
    Remote(RemoteImport<'w>),
}

impl Importing<'_> {
    pub(super) async fn take(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        match self {
            Importing::Local(importer) => Ok(importer.take(lines).await?),
            Importing::Remote(import) => import.take(lines).await,
        }
    }

    pub(super) fn so_far(&self) -> &Imported {
        match self {
            Importing::Local(importer) => importer.so_far(),
            Importing::Remote(import) => import.so_far(),
        }
    }

    pub(super) async fn finish(self) -> Result<Imported, Failure> {
        match self {
            Importing::Local(importer) => Ok(importer.finish().await?),
            Importing::Remote(import) => import.finish().await,
        }
    }
}

impl Where {
    /// A way to read. Makes and migrates no database.
    pub(super) async fn to_read(&self) -> Result<Way, Failure> {
        self.open(false).await
    }

    /// A way to change things. Makes and migrates the database, if need be.
    pub(super) async fn to_write(&self) -> Result<Way, Failure> {
        self.open(true).await
    }

    async fn open(&self, may_make: bool) -> Result<Way, Failure> {
        // Whoever says where the database is means it, whatever the environment says.
        let is_local = self.config.is_some() || self.data_dir.is_some();
        if let Some(server) = self.server.as_deref().filter(|_| !is_local) {
            let remote = Remote::new(server, self.admin_key_file.as_deref())?;
            return Ok(Way::Remote(remote));
        }
        let config = BootConfig::load(&Overrides {
            config: self.config.clone(),
            listen: None,
            data_dir: self.data_dir.clone(),
        })?;
        let local = if may_make {
            Local::open(&config).await?
        } else {
            Local::open_existing(&config).await?
        };
        Ok(Way::Local(Box::new(local)))
    }
}

/// Asks whichever way it is.
macro_rules! ask {
    ($self:expr, $way:ident => $answer:expr) => {
        match $self {
            Way::Local($way) => $answer,
            Way::Remote($way) => $answer,
        }
    };
}

impl Way {
    pub(super) async fn plan(&self, request: PlanRequest) -> Result<PlanDocument, Failure> {
        ask!(self, way => way.plan(request).await)
    }

    pub(super) async fn apply(&self, request: ApplyRequest) -> Result<ApplyReply, Failure> {
        ask!(self, way => way.apply(request).await)
    }

    pub(super) async fn rollback(&self, request: RollbackRequest) -> Result<ApplyReply, Failure> {
        ask!(self, way => way.rollback(request).await)
    }

    pub(super) async fn history(&self, query: HistoryQuery) -> Result<Generations, Failure> {
        ask!(self, way => way.history(query).await)
    }

    pub(super) async fn export(&self, set: Option<&SetName>) -> Result<Export, Failure> {
        ask!(self, way => way.export(set).await)
    }

    pub(super) async fn modules(&self) -> Result<Vec<ModuleState>, Failure> {
        ask!(self, way => way.modules().await)
    }

    pub(super) async fn switch(&self, request: &SwitchRequest) -> Result<ApplyReply, Failure> {
        ask!(self, way => way.switch(request).await)
    }

    pub(super) async fn create_user(&self, request: &CreateUser) -> Result<Person, Failure> {
        ask!(self, way => way.create_user(request).await)
    }

    pub(super) async fn import_users(
        &self,
        options: ImportOptions,
    ) -> Result<Importing<'_>, Failure> {
        Ok(match self {
            Way::Local(local) => Importing::Local(Box::new(local.import_users(options).await?)),
            Way::Remote(remote) => Importing::Remote(RemoteImport::new(remote, options)),
        })
    }

    /// Notes it, where no server does.
    pub(super) async fn begin_export(&self, hashes: Hashes) -> Result<(), Failure> {
        match self {
            Way::Local(local) => local.begin_export(hashes).await,
            Way::Remote(_) => Ok(()),
        }
    }

    pub(super) async fn export_users(
        &self,
        after: &str,
        hashes: Hashes,
    ) -> Result<ExportPage, Failure> {
        ask!(self, way => way.export_users(after, hashes).await)
    }

    pub(super) async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Failure> {
        ask!(self, way => way.signing_keys().await)
    }

    pub(super) async fn rotate_signing_keys(&self) -> Result<Vec<Rotated>, Failure> {
        ask!(self, way => way.rotate_signing_keys().await)
    }

    pub(super) async fn root_keys(&self) -> Result<Vec<RootKeyRecord>, Failure> {
        ask!(self, way => way.root_keys().await)
    }

    pub(super) async fn rotate_root_key(&self) -> Result<Vec<Rotated>, Failure> {
        ask!(self, way => way.rotate_root_key().await)
    }

    pub(super) async fn withdraw_root_key(&self, id: u32) -> Result<(), Failure> {
        ask!(self, way => way.withdraw_root_key(id).await)
    }

    pub(super) async fn issue_biscuit(&self, request: &IssueRequest) -> Result<Issued, Failure> {
        ask!(self, way => way.issue_biscuit(request).await)
    }

    pub(super) async fn verify_biscuit(&self, request: VerifyRequest) -> Result<Verdict, Failure> {
        ask!(self, way => way.verify_biscuit(request).await)
    }

    pub(super) async fn revoke_biscuits(
        &self,
        request: &RevokeRequest,
    ) -> Result<RevokeReply, Failure> {
        ask!(self, way => way.revoke_biscuits(request).await)
    }

    pub(super) async fn status(&self) -> Result<Status, Failure> {
        ask!(self, way => way.status().await)
    }

    /// Waits until every live server serves `generation` or a newer one.
    pub(super) async fn all_serve(
        &self,
        generation: Generation,
        limit: Duration,
    ) -> Result<usize, Failure> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.status().await?;
            let is_behind = |replica: &&crate::generation::Replica| replica.generation < generation;
            let behind: Vec<_> = status.replicas.iter().filter(is_behind).collect();
            if behind.is_empty() {
                return Ok(status.replicas.len());
            }
            if Instant::now() >= deadline {
                let mut message = format!(
                    "generation {generation} is applied, but after {} s {} of {} servers do not serve it:",
                    limit.as_secs(),
                    behind.len(),
                    status.replicas.len()
                );
                for replica in behind {
                    let reason = replica.error.as_deref().unwrap_or("no reason given");
                    _ = write!(
                        message,
                        "\n  {} serves {}: {reason}",
                        replica.id, replica.generation
                    );
                }
                return Err(Failure::new(Exit::NotServed, message));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
