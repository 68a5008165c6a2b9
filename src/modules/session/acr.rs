use assay_reconciler::spec::ModuleName;

use crate::generation::Snapshot;

/// How far a person has proved who they are (`acr` of OpenID Connect), from the weakest to the strongest.
///
/// This is the one place that knows which way of signing in reaches what. A new way is a line in
/// [`METHODS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acr {
    /// By one thing that they know or have.
    SingleFactor,
    /// By two things of different kinds.
    MultiFactor,
}

/// A way of signing in.
struct Method {
    /// Its name (RFC 8176).
    amr: &'static str,
    /// The module that offers it.
    module: ModuleName,
    /// What is reached with it. One that is only asked for after another gives what both reach together.
    gives: Acr,
}

const METHODS: [Method; 1] = [Method {
    amr: "pwd",
    module: ModuleName::Password,
    gives: Acr::SingleFactor,
}];

impl Acr {
    const ALL: [Self; 2] = [Acr::SingleFactor, Acr::MultiFactor];

    /// The value of `acr`.
    pub const fn name(self) -> &'static str {
        match self {
            Acr::SingleFactor => "urn:assay:acr:single-factor",
            Acr::MultiFactor => "urn:assay:acr:multi-factor",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.name() == name)
    }

    /// What these ways together have reached.
    pub fn reached(amr: &[&str]) -> Option<Self> {
        let used = METHODS.iter().filter(|method| amr.contains(&method.amr));
        used.map(|method| method.gives).max()
    }

    /// The highest that anybody can reach here now; `None` if nobody can sign in.
    pub fn reachable(snapshot: &Snapshot) -> Option<Self> {
        let on = METHODS
            .iter()
            .filter(|method| snapshot.is_on(method.module));
        on.map(|method| method.gives).max()
    }

    /// Those that can be reached here now.
    pub fn supported(snapshot: &Snapshot) -> Vec<&'static str> {
        let reachable = Self::reachable(snapshot);
        let all = Self::ALL.into_iter();
        all.filter(|acr| Some(*acr) <= reachable)
            .map(Self::name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_factor_and_an_unknown_way_is_none() {
        assert_eq!(Acr::reached(&["pwd"]), Some(Acr::SingleFactor));
        assert_eq!(Acr::reached(&["tea-leaves"]), None);
        assert_eq!(Acr::reached(&[]), None);
        assert!(Acr::SingleFactor < Acr::MultiFactor);
    }

    #[test]
    fn every_name_is_of_one_context() {
        for acr in Acr::ALL {
            assert_eq!(Acr::named(acr.name()), Some(acr));
        }
        assert_eq!(Acr::named("0"), None);
    }
}
