use std::{os::unix::fs::MetadataExt as _, path::Path};

use assay_reconciler::{
    diff::{DesiredState, Generation, ObservedState, Ownership, Plan, PlanDocument, SetName},
    object::Object,
    secret::{KEYED_HASH_PREFIX, SEALED_PREFIX, SecretSealer},
};

use super::{Exit, Failure};
use crate::{
    boot::{BootConfig, Opened},
    crypto::{CpuPool, Keyring, password::Passwords},
    generation::{Actor, ApplyError, RootKeyRecord, SigningKeyRecord},
    modules::admin::{
        Administration, ApplyReply, ApplyRequest, CreateUser, Export, Generations, HistoryQuery,
        ModuleState, Outcome, Person, PlanRequest, Refusal, RollbackRequest, Rotated, Status,
        SwitchRequest,
        bulk::{ExportPage, Hashes, ImportOptions, Importer, PAGE},
    },
    modules::biscuit::{IssueRequest, Issued, RevokeReply, RevokeRequest, Verdict, VerifyRequest},
    store::Backend,
};

/// This process works on the database, whether or not servers do as well.
pub(super) struct Local {
    /// None while there is no database.
    opened: Option<Opened>,
    /// What messages call the database.
    place: String,
}

impl Local {
    /// Opens the database; makes and migrates it, if need be.
    pub(super) async fn open(config: &BootConfig) -> Result<Self, Failure> {
        let opened = Opened::open(config).await?;
        Ok(Self {
            opened: Some(opened),
            place: place(&config.backend),
        })
    }

    /// Opens the database if it is there, and leaves it as it is.
    pub(super) async fn open_existing(config: &BootConfig) -> Result<Self, Failure> {
        Ok(Self {
            opened: Opened::open_existing(config).await?,
            place: place(&config.backend),
        })
    }

    fn administration(&self) -> Result<Administration, Failure> {
        let opened = self.opened()?;
        Ok(Administration::new(
            opened.engine.clone(),
            opened.store.clone(),
            opened.clock.clone(),
            Passwords::new(Keyring::clone(&opened.keyring), CpuPool::new(1, 1)),
            actor(),
        ))
    }

    /// The database, if it is there.
    pub(super) fn opened(&self) -> Result<&Opened, Failure> {
        self.opened.as_ref().ok_or_else(|| {
            Failure::new(
                Exit::Unreachable,
                format!(
                    "there is no database in {} yet; `assay serve` and `assay apply` make one",
                    self.place
                ),
            )
        })
    }

    /// Against no database everything is to be created.
    pub(super) async fn plan(&self, request: PlanRequest) -> Result<PlanDocument, Failure> {
        if self.opened.is_some() {
            return Ok(self.administration()?.plan(request).await?);
        }
        if request.save {
            return Err(Failure::invalid(format!(
                "there is no database in {} yet, so a plan that is saved now could never be applied",
                self.place
            )));
        }
        against_nothing(request.set, request.manifests)
    }

    pub(super) async fn apply(&self, request: ApplyRequest) -> Result<ApplyReply, Failure> {
        match (self.opened.is_some(), request.dry_run, request.manifests) {
            (false, true, Some(manifests)) => Ok(ApplyReply {
                outcome: Outcome::DryRun,
                generation: Generation(1),
                plan: against_nothing(request.set, manifests)?,
                not_serving: None,
            }),
            (.., manifests) => {
                let request = ApplyRequest {
                    manifests,
                    ..request
                };
                Ok(self.administration()?.apply(request).await?)
            }
        }
    }

    pub(super) async fn rollback(&self, request: RollbackRequest) -> Result<ApplyReply, Failure> {
        Ok(self.administration()?.rollback(request).await?)
    }

    pub(super) async fn history(&self, query: HistoryQuery) -> Result<Generations, Failure> {
        Ok(self.administration()?.history(query).await?)
    }

    pub(super) async fn export(&self, set: Option<&SetName>) -> Result<Export, Failure> {
        Ok(self.administration()?.export(set).await?)
    }

    pub(super) async fn modules(&self) -> Result<Vec<ModuleState>, Failure> {
        Ok(self.administration()?.modules().await?)
    }

    pub(super) async fn switch(&self, request: &SwitchRequest) -> Result<ApplyReply, Failure> {
        Ok(self.administration()?.switch(request).await?)
    }

    pub(super) async fn create_user(&self, request: &CreateUser) -> Result<Person, Failure> {
        Ok(self.administration()?.create_user(request).await?)
    }

    pub(super) async fn import_users(&self, options: ImportOptions) -> Result<Importer, Failure> {
        Ok(Importer::new(self.administration()?, options).await?)
    }

    pub(super) async fn begin_export(&self, hashes: Hashes) -> Result<(), Failure> {
        Ok(self.administration()?.begin_export(hashes).await?)
    }

    pub(super) async fn export_users(
        &self,
        after: &str,
        hashes: Hashes,
    ) -> Result<ExportPage, Failure> {
        let administration = self.administration()?;
        Ok(administration.export_users(after, PAGE, hashes).await?)
    }

    pub(super) async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Failure> {
        Ok(self.administration()?.signing_keys().await?)
    }

    pub(super) async fn rotate_signing_keys(&self) -> Result<Vec<Rotated>, Failure> {
        Ok(self.administration()?.rotate_signing_keys().await?)
    }

    pub(super) async fn root_keys(&self) -> Result<Vec<RootKeyRecord>, Failure> {
        Ok(self.administration()?.root_keys().await?)
    }

    pub(super) async fn rotate_root_key(&self) -> Result<Vec<Rotated>, Failure> {
        Ok(self.administration()?.rotate_root_key().await?)
    }

    pub(super) async fn withdraw_root_key(&self, id: u32) -> Result<(), Failure> {
        Ok(self.administration()?.withdraw_root_key(id).await?)
    }

    pub(super) async fn issue_biscuit(&self, request: &IssueRequest) -> Result<Issued, Failure> {
        Ok(self.administration()?.issue_biscuit(request).await?)
    }

    pub(super) async fn verify_biscuit(&self, request: VerifyRequest) -> Result<Verdict, Failure> {
        Ok(self.administration()?.verify_biscuit(request).await?)
    }

    pub(super) async fn revoke_biscuits(
        &self,
        request: &RevokeRequest,
    ) -> Result<RevokeReply, Failure> {
        Ok(self.administration()?.revoke_biscuits(request).await?)
    }

    pub(super) async fn status(&self) -> Result<Status, Failure> {
        Ok(self.administration()?.status().await?)
    }
}

fn against_nothing(set: SetName, manifests: Vec<Object>) -> Result<PlanDocument, Failure> {
    let desired = DesiredState::sealed(set, manifests, &Masks)
        .map_err(ApplyError::from)
        .map_err(Refusal::from)?;
    let plan = Plan::between(&ObservedState::default(), &desired, Ownership::default())
        .map_err(ApplyError::from)
        .map_err(Refusal::from)?;
    Ok(PlanDocument::new(&plan, &[])?)
}

/// Stands in for the keys that there are not yet: what it gives is compared with nothing and shown to
/// nobody.
struct Masks;

impl SecretSealer for Masks {
    fn keyed_hash(&self, _: &[u8; 32]) -> String {
        format!("{KEYED_HASH_PREFIX}{}", "0".repeat(64))
    }

    fn seal(&self, _: &str, _: &str) -> String {
        format!("{SEALED_PREFIX}AA")
    }
}

/// Who does it, for the history: the account and machine this process runs on.
fn actor() -> Actor {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = named("USER").or_else(|| named("LOGNAME")).or_else(|| {
        // The kernel gives a process's folder to its user.
        let process = std::fs::metadata("/proc/self").ok()?;
        Some(process.uid().to_string())
    });
    let user = user.as_deref().unwrap_or("unknown");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| named("HOSTNAME"))
        .unwrap_or_default();
    Actor::new(format!("cli:{user}@{}", host.trim()))
}

fn place(backend: &Backend) -> String {
    match backend {
        Backend::Sqlite { data_dir } => data_dir_name(data_dir),
        Backend::Postgres { .. } => "this PostgreSQL database".to_owned(),
    }
}

fn data_dir_name(data_dir: &Path) -> String {
    format!("`{}`", data_dir.display())
}
