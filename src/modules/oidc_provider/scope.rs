use std::{collections::BTreeSet, fmt};

use assay_reconciler::spec::oidc_client::Scope;

use super::supported::SCOPES;

/// Scopes that were asked for or granted: a set, written with blanks between (RFC 6749 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads the parameter or column.
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.split(' ')
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    pub(super) fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn remove(&mut self, scope: &str) {
        self.0.remove(scope);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// In the order in which people read them: what is known first, as the standard lists it.
    pub(super) fn for_people(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = self.iter().collect();
        let rank = |scope: &str| SCOPES.iter().position(|known| *known == scope);
        scopes.sort_by_key(|scope| rank(scope).unwrap_or(SCOPES.len()));
        scopes
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The first that is not among `allowed`.
    pub(super) fn first_beyond(&self, allowed: &BTreeSet<Scope>) -> Option<&str> {
        self.iter().find(|scope| !allowed.contains(*scope))
    }

    /// Those that are also among `allowed`.
    pub(super) fn within(&self, allowed: &BTreeSet<Scope>) -> Self {
        Self(
            self.0
                .iter()
                .filter(|scope| allowed.contains(scope.as_str()))
                .cloned()
                .collect(),
        )
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}
