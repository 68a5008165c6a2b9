//! What modules need of each other.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

use crate::spec::ModuleName;

/// A module that is on while something it needs is off.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokenRequirement {
    /// The module that is on.
    pub module: ModuleName,
    /// What leads from it to the module that is off, which is the last.
    pub chain: Vec<ModuleName>,
}

impl fmt::Display for BrokenRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "module `{}`", self.module)?;
        let mut link = " requires";
        for module in &self.chain {
            write!(f, "{link} `{module}`")?;
            link = ", which requires";
        }
        f.write_str(", which is off")
    }
}

/// Every module that is on without all that it requires. A module that `enabled` does not name is
/// on if it cannot be switched off, and off otherwise.
pub fn check(enabled: &BTreeMap<ModuleName, bool>) -> Vec<BrokenRequirement> {
    let is_on = |module: ModuleName| {
        enabled
            .get(&module)
            .copied()
            .unwrap_or_else(|| module.is_always_on())
    };
    ModuleName::ALL
        .into_iter()
        .filter(|module| is_on(*module))
        .filter_map(|module| {
            let chain = way_to_one_that_is_off(module, is_on)?;
            Some(BrokenRequirement { module, chain })
        })
        .collect()
}

/// The shortest chain of requirements that ends at a module that is off.
fn way_to_one_that_is_off(
    module: ModuleName,
    is_on: impl Fn(ModuleName) -> bool,
) -> Option<Vec<ModuleName>> {
    let mut seen = vec![module];
    let mut ways = VecDeque::from([vec![]]);
    while let Some(way) = ways.pop_front() {
        let at = way.last().copied().unwrap_or(module);
        for required in at.requires() {
            if seen.contains(required) {
                continue;
            }
            seen.push(*required);
            let mut longer = way.clone();
            longer.push(*required);
            if !is_on(*required) {
                return Some(longer);
            }
            ways.push_back(longer);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requires_something_that_is_off_is_named_with_the_chain() {
        let enabled = BTreeMap::from([
            (ModuleName::Console, true),
            (ModuleName::Admin, false),
            (ModuleName::Password, true),
        ]);

        let broken: Vec<String> = check(&enabled).iter().map(ToString::to_string).collect();

        assert_eq!(broken, ["module `console` requires `admin`, which is off"]);
    }

    #[test]
    fn an_installation_without_documents_is_sound() {
        assert_eq!(check(&BTreeMap::new()), []);
    }

    #[test]
    fn a_longer_chain_reads_to_its_end() {
        let broken = BrokenRequirement {
            module: ModuleName::Console,
            chain: vec![ModuleName::Admin, ModuleName::Jwt],
        };
        assert_eq!(
            broken.to_string(),
            "module `console` requires `admin`, which requires `jwt`, which is off"
        );
    }
}
