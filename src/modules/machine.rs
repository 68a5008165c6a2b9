use assay_reconciler::spec::ModuleSettings;

use super::{
    password::{self, BreachedError},
    session::{self, PlacesError},
};

/// Settings that name a file which is not on this machine, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotOnThisMachine {
    /// The list of passwords that nobody may choose.
    #[error("`settings.policy.breachedPasswords` of module `password`: {0}")]
    Breached(#[from] BreachedError),
    /// Where addresses are.
    #[error("`settings.placeDatabase` of module `session`: {0}")]
    Places(#[from] PlacesError),
}

/// Whether the files that settings name are there: what only a server can tell.
pub fn check_on_this_machine(settings: &ModuleSettings) -> Result<(), NotOnThisMachine> {
    match settings {
        ModuleSettings::Password(settings) => password::check_settings(settings)?,
        ModuleSettings::Session(settings) => session::check_settings(settings)?,
        _ => {}
    }
    Ok(())
}
