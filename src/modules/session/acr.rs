use assay_reconciler::spec::{
    ModuleName,
    module::{SecondFactorPolicy, UserVerification},
};

use crate::{generation::Snapshot, modules::oidc_client};

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

/// What somebody proves by a method. Two of one kind are lost or stolen together, and count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something they know.
    Knowledge,
    /// Something they have.
    Possession,
}

/// A way of proving who one is.
struct Method {
    /// Its name (RFC 8176).
    amr: &'static str,
    /// What it proves.
    kind: Kind,
    /// Whether it can be used in this generation.
    is_on: fn(&Snapshot) -> bool,
}

const METHODS: [Method; 4] = [
    Method {
        amr: "pwd",
        kind: Kind::Knowledge,
        is_on: |snapshot| snapshot.is_on(ModuleName::Password),
    },
    // A passkey. With one that checks its owner comes [`MULTIPLE`].
    Method {
        amr: "pop",
        kind: Kind::Possession,
        is_on: |snapshot| snapshot.is_on(ModuleName::Passkey),
    },
    // A code of an authenticator app, or one from the list of recovery codes.
    Method {
        amr: "otp",
        kind: Kind::Possession,
        is_on: |snapshot| {
            snapshot.account_settings().second_factor.policy != SecondFactorPolicy::Off
        },
    },
    // Whatever was proved there: mostly a password, and of the same kind as one at worst.
    Method {
        amr: oidc_client::FEDERATED,
        kind: Kind::Knowledge,
        is_on: |snapshot| !oidc_client::usable(snapshot).is_empty(),
    },
];

/// Said of several ways together, and of one that is several at once: a passkey that has checked its
/// owner's finger or PIN, or an upstream provider that has asked for two.
const MULTIPLE: &str = "mfa";

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
        if amr.contains(&MULTIPLE) {
            return Some(Acr::MultiFactor);
        }
        Self::of_kinds(METHODS.iter().filter(|method| amr.contains(&method.amr)))
    }

    /// The highest that anybody can reach here now; `None` if nobody can sign in.
    pub fn reachable(snapshot: &Snapshot) -> Option<Self> {
        if snapshot.is_on(ModuleName::Passkey)
            && snapshot.passkey_settings().user_verification != UserVerification::Discouraged
        {
            return Some(Acr::MultiFactor);
        }
        // Nobody begins with a code.
        let is_first = |method: &Method| method.amr != "otp" && (method.is_on)(snapshot);
        if !METHODS.iter().any(is_first) {
            return None;
        }
        if oidc_client::tells_of_two_factors(snapshot) {
            return Some(Acr::MultiFactor);
        }
        // Nobody is asked for a passkey beside another way.
        let is_combined = |method: &&Method| method.amr != "pop" && (method.is_on)(snapshot);
        Self::of_kinds(METHODS.iter().filter(is_combined)).or(Some(Acr::SingleFactor))
    }

    fn of_kinds<'a>(methods: impl Iterator<Item = &'a Method>) -> Option<Self> {
        let mut kinds = methods.map(|method| method.kind);
        let first = kinds.next()?;
        let is_alone = kinds.all(|kind| kind == first);
        Some(if is_alone {
            Acr::SingleFactor
        } else {
            Acr::MultiFactor
        })
    }

    /// The ways proved before with those proved now, and that they are several, if they are (RFC 8176 2).
    pub fn together<'a>(before: &[&'a str], now: &[&'a str]) -> Vec<&'a str> {
        let mut all = before.to_vec();
        all.extend(now.iter().filter(|amr| !before.contains(amr)));
        if Self::reached(&all) == Some(Acr::MultiFactor) && !all.contains(&MULTIPLE) {
            all.push(MULTIPLE);
        }
        all
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
        assert_eq!(Acr::reached(&["otp"]), Some(Acr::SingleFactor));
        assert_eq!(Acr::reached(&["pop", "user"]), Some(Acr::SingleFactor));
        assert_eq!(
            Acr::reached(&["pop", "user", "mfa"]),
            Some(Acr::MultiFactor)
        );
        assert!(Acr::SingleFactor < Acr::MultiFactor);
    }

    #[test]
    fn two_kinds_are_two_factors_and_the_same_one_twice_is_not() {
        assert_eq!(Acr::reached(&["pwd", "otp"]), Some(Acr::MultiFactor));
        assert_eq!(Acr::together(&["pwd"], &["otp"]), ["pwd", "otp", "mfa"]);
        assert_eq!(Acr::together(&["pwd"], &["pwd"]), ["pwd"]);
        assert_eq!(
            Acr::together(&["pwd", "otp", "mfa"], &["otp"]),
            ["pwd", "otp", "mfa"]
        );
    }

    #[test]
    fn every_name_is_of_one_context() {
        for acr in Acr::ALL {
            assert_eq!(Acr::named(acr.name()), Some(acr));
        }
        assert_eq!(Acr::named("0"), None);
    }
}
