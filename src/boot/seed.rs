//! What an empty database begins with.

use std::collections::BTreeMap;

use assay_reconciler::{
    object::{Metadata, Object, Spec},
    spec::{ModuleName, ModuleSettings, ModuleSpec, module::PasskeySettings},
};

/// What `engine.toml` says of modules.
pub(super) struct Seed {
    pub(super) on: Vec<ModuleName>,
    pub(super) oidc_provider_enabled: Option<bool>,
    pub(super) rp_id: Option<String>,
    pub(super) rp_name: Option<String>,
}

/// One object a module, so that what is on is written down and a later version's defaults change
/// nothing. What others require is switched on with them.
pub(super) fn objects(seed: &Seed) -> Vec<Object> {
    let mut on = seed.on.clone();
    match seed.oidc_provider_enabled {
        Some(true) => on.push(ModuleName::OidcProvider),
        Some(false) => on.retain(|module| *module != ModuleName::OidcProvider),
        None => {}
    }
    let is_on = |module: ModuleName| {
        module.is_always_on()
            || on.contains(&module)
            || on.iter().any(|other| other.requires().contains(&module))
    };
    ModuleName::ALL
        .into_iter()
        .map(|module| Object {
            metadata: Metadata {
                name: module.name().to_owned(),
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
            },
            spec: Spec::Module(ModuleSpec {
                enabled: is_on(module),
                settings: settings(module, seed),
            }),
        })
        .collect()
}

fn settings(module: ModuleName, seed: &Seed) -> ModuleSettings {
    match module {
        ModuleName::Passkey => ModuleSettings::Passkey(PasskeySettings {
            rp_id: seed.rp_id.clone(),
            rp_name: seed.rp_name.clone(),
            ..PasskeySettings::default()
        }),
        other => other.default_settings(),
    }
}
