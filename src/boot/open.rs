//! Opens the database that the boot configuration names, ready for use.

use std::{path::PathBuf, sync::Arc};

use super::BootConfig;
use crate::{
    clock::Clock,
    crypto::{
        CryptoError, KeyFile, Keyring, MasterKey, MasterKeyError, Secret,
        password::{PepperError, Peppers},
    },
    generation::{Actor, ApplyError, Engine},
    store::{Backend, Migrated, Schema, Store, StoreError, execute, fetch_one, fetch_optional},
};

/// A database whose schema is this binary's, with the keys that open what is sealed in it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The database.
    pub store: Store,
    /// The keys derived from the master key.
    pub keyring: Arc<Keyring>,
    /// The machine's clock.
    pub clock: Clock,
    /// Reads and changes the configuration.
    pub engine: Engine,
}

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be opened or migrated.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The peppers that were given are of no use.
    #[error(transparent)]
    Peppers(#[from] PepperError),
    /// The keys cannot be derived.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The master key is not the one the database was made with.
    #[error(
        "the master key is not the one this database was made with: private keys would not open and no password \
         would match. Give the original key in ASSAY_MASTER_KEY or ASSAY_MASTER_KEY_FILE"
    )]
    OtherMasterKey,
    /// An empty database could not be given its first configuration.
    #[error("cannot write the first configuration: {0}")]
    Seed(#[from] ApplyError),
}

impl Opened {
    /// Opens and migrates the database, checks that the master key fits, and gives an empty database
    /// its first generation. Several processes may do this at once.
    pub async fn open(config: &BootConfig) -> Result<Self, OpenError> {
        let store = Store::open(&config.backend).await?;
        // Before anything is written: what is not ours to open stays as it is.
        let keyring = keyring(&store, &config.backend).await?;
        let migrated = store.migrate().await?;
        report(&store, &migrated);
        note_master_key(&store, &keyring).await?;
        let clock = Clock::system();
        let engine = Engine::new(store.clone(), Arc::clone(&keyring), clock.clone());
        let seeded = engine.seed(config.seed.clone(), &Actor::boot()).await?;
        if let Some(generation) = seeded {
            tracing::info!(%generation, "wrote the first configuration into an empty database");
        }
        Ok(Self {
            store,
            keyring,
            clock,
            engine,
        })
    }

    /// Opens the database if there is one, with what is in it left as it is: `None` where
    /// [`Opened::open`] would make it.
    pub async fn open_existing(config: &BootConfig) -> Result<Option<Self>, OpenError> {
        let Some(store) = Store::open_existing(&config.backend).await? else {
            return Ok(None);
        };
        if store.schema().await? == Schema::Missing {
            return Ok(None);
        }
        let keyring = keyring(&store, &config.backend).await?;
        let clock = Clock::system();
        let engine = Engine::new(store.clone(), Arc::clone(&keyring), clock.clone());
        Ok(Some(Self {
            store,
            keyring,
            clock,
            engine,
        }))
    }
}

fn report(store: &Store, migrated: &Migrated) {
    tracing::debug!(
        database = store.engine_name(),
        ?migrated,
        "the database is open"
    );
}

/// The keys that open what is in the database. An empty one takes any.
async fn keyring(store: &Store, backend: &Backend) -> Result<Arc<Keyring>, OpenError> {
    let noted = noted_check(store).await?;
    let keyring = Keyring::with_peppers(&master_key(backend, noted.is_some())?, peppers()?)?;
    if noted.is_none_or(|noted| noted == keyring.check_value()) {
        Ok(Arc::new(keyring))
    } else {
        Err(OpenError::OtherMasterKey)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `ASSAY_PASSWORD_PEPPERS`, else those in the file that `ASSAY_PASSWORD_PEPPERS_FILE` names, else none.
fn peppers() -> Result<Peppers, PepperError> {
    let value = variable("ASSAY_PASSWORD_PEPPERS").map(Secret::new);
    let file = variable("ASSAY_PASSWORD_PEPPERS_FILE").map(PathBuf::from);
    Peppers::find(value.as_ref(), file.as_deref())
}

/// `ASSAY_MASTER_KEY`, else the file that `ASSAY_MASTER_KEY_FILE` names, else the file beside SQLite.
fn master_key(backend: &Backend, is_in_use: bool) -> Result<MasterKey, MasterKeyError> {
    let value = variable("ASSAY_MASTER_KEY").map(Secret::new);
    let file = variable("ASSAY_MASTER_KEY_FILE").map(PathBuf::from);
    let otherwise = match backend {
        Backend::Sqlite { data_dir } if is_in_use => KeyFile::KeptIn(data_dir),
        Backend::Sqlite { data_dir } => KeyFile::MadeIn(data_dir),
        Backend::Postgres { .. } => KeyFile::None,
    };
    MasterKey::find(value.as_ref(), file.as_deref(), otherwise)
}

/// The check value of the key that the database was made with.
async fn noted_check(store: &Store) -> Result<Option<String>, StoreError> {
    match store.schema().await {
        Ok(Schema::Missing) => return Ok(None),
        // The first migration made the table.
        Ok(Schema::Current) | Err(StoreError::OlderDatabase { .. }) => {}
        Err(error) => return Err(error),
    }
    let noted = fetch_optional!(
        store,
        (String,),
        "SELECT value FROM instance WHERE key = 'master_key_check'"
    )?;
    Ok(noted.map(|(value,)| value))
}

/// Notes the key's check value in a database that has none. Of two servers that start at once, one
/// may find that the other noted another key.
async fn note_master_key(store: &Store, keyring: &Keyring) -> Result<(), OpenError> {
    let ours = keyring.check_value();
    execute!(
        store,
        "INSERT INTO instance (key, value) VALUES ('master_key_check', $1)
         ON CONFLICT (key) DO NOTHING",
        ours
    )?;
    let (stored,) = fetch_one!(
        store,
        (String,),
        "SELECT value FROM instance WHERE key = 'master_key_check'"
    )?;
    if stored == ours {
        Ok(())
    } else {
        Err(OpenError::OtherMasterKey)
    }
}
