//! Answers for paths that no module serves.

use std::{cmp::Reverse, sync::Arc};

use assay_reconciler::spec::ModuleName;
use axum::http::Uri;

use crate::{
    generation::Snapshot,
    modules::{Module, Problem},
};

/// The paths of the modules that are off, longest first.
#[derive(Clone)]
pub(super) struct Absent(Arc<[(&'static str, ModuleName)]>);

impl Absent {
    pub(super) fn of(snapshot: &Snapshot, modules: &[Module]) -> Self {
        let mut paths: Vec<_> = modules
            .iter()
            .filter(|module| !snapshot.is_on(module.name))
            .flat_map(|module| module.paths.iter().map(|path| (*path, module.name)))
            .collect();
        paths.sort_by_key(|(path, _)| Reverse(path.len()));
        Self(paths.into())
    }

    /// Says whose path it is, or that it is nobody's.
    pub(super) fn answer(&self, uri: &Uri) -> Problem {
        match self.owner(uri.path()) {
            Some(module) => Problem::module_disabled(module),
            None => Problem::not_found(),
        }
    }

    fn owner(&self, path: &str) -> Option<ModuleName> {
        self.0
            .iter()
            .find(|(prefix, _)| {
                path.strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .map(|(_, module)| *module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_path_wins_and_segments_are_whole() {
        let absent = Absent(Arc::from([
            ("/auth/passkey/auth", ModuleName::Passkey),
            ("/auth/passkey", ModuleName::Password),
        ]));
        let owner = |path| absent.owner(path);
        assert_eq!(owner("/auth/passkey/auth/start"), Some(ModuleName::Passkey));
        assert_eq!(owner("/auth/passkey"), Some(ModuleName::Password));
        assert_eq!(owner("/auth/passkeys"), None);
        assert_eq!(owner("/"), None);
    }
}
