//! The letters that people are sent, and what each has to tell.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A kind of letter.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "camelCase")]
pub enum LetterKind {
    /// The address is to be shown to be the person's own.
    Verification,
    /// The way back into an account.
    Recovery,
    /// An account is to be finished.
    Registration,
    /// Somebody wanted to make an account, and there is one.
    AlreadyRegistered,
    /// An operator invites somebody.
    Invitation,
    /// The account is to have this address: to the new one.
    EmailChange,
    /// The account has another address now: to the old one, with a way to undo it.
    EmailChanged,
    /// Somebody signed in at a browser that was not known.
    NewDevice,
    /// There is another password.
    PasswordChanged,
    /// There is a further passkey.
    PasskeyAdded,
    /// A passkey is gone.
    PasskeyRemoved,
    /// There may be a copy of a passkey.
    PasskeySuspected,
    /// There is a second factor.
    SecondFactorAdded,
    /// The second factor is gone.
    SecondFactorRemoved,
    /// A recovery code has been used up.
    RecoveryCodeUsed,
    /// There are new recovery codes.
    RecoveryCodesMade,
    /// An upstream provider signs this person in.
    AccountLinked,
    /// An upstream provider does not sign this person in any more.
    AccountUnlinked,
    /// The account will be deleted.
    DeletionScheduled,
    /// The account has been deleted.
    AccountDeleted,
}

impl LetterKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Verification,
        Self::Recovery,
        Self::Registration,
        Self::AlreadyRegistered,
        Self::Invitation,
        Self::EmailChange,
        Self::EmailChanged,
        Self::NewDevice,
        Self::PasswordChanged,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeySuspected,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesMade,
        Self::AccountLinked,
        Self::AccountUnlinked,
        Self::DeletionScheduled,
        Self::AccountDeleted,
    ];

    /// What every letter can say: the name of the product, the address it is sent to, when the matter
    /// happened, and where the account is.
    pub const COMMON_VARIABLES: [&'static str; 4] = ["product", "email", "time", "account"];

    /// The name in manifests and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Recovery => "recovery",
            Self::Registration => "registration",
            Self::AlreadyRegistered => "alreadyRegistered",
            Self::Invitation => "invitation",
            Self::EmailChange => "emailChange",
            Self::EmailChanged => "emailChanged",
            Self::NewDevice => "newDevice",
            Self::PasswordChanged => "passwordChanged",
            Self::PasskeyAdded => "passkeyAdded",
            Self::PasskeyRemoved => "passkeyRemoved",
            Self::PasskeySuspected => "passkeySuspected",
            Self::SecondFactorAdded => "secondFactorAdded",
            Self::SecondFactorRemoved => "secondFactorRemoved",
            Self::RecoveryCodeUsed => "recoveryCodeUsed",
            Self::RecoveryCodesMade => "recoveryCodesMade",
            Self::AccountLinked => "accountLinked",
            Self::AccountUnlinked => "accountUnlinked",
            Self::DeletionScheduled => "deletionScheduled",
            Self::AccountDeleted => "accountDeleted",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What the letter can say beside [`Self::COMMON_VARIABLES`].
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Verification | Self::Recovery | Self::Registration | Self::EmailChange => {
                &["link", "code", "minutes"]
            }
            Self::AlreadyRegistered => &["link"],
            Self::Invitation | Self::DeletionScheduled => &["link", "days"],
            Self::EmailChanged => &["link", "newEmail", "days"],
            Self::NewDevice => &["device", "place"],
            Self::PasskeyAdded | Self::PasskeyRemoved => &["name"],
            Self::PasskeySuspected => &["link", "name"],
            Self::RecoveryCodeUsed => &["left"],
            Self::AccountLinked | Self::AccountUnlinked => &["provider"],
            Self::PasswordChanged
            | Self::SecondFactorAdded
            | Self::SecondFactorRemoved
            | Self::RecoveryCodesMade
            | Self::AccountDeleted => &[],
        }
    }

    /// Everything that the letter can say.
    pub fn told(self) -> impl Iterator<Item = &'static str> {
        let own = self.variables().iter().copied();
        Self::COMMON_VARIABLES.into_iter().chain(own)
    }

    /// What its reader goes on with, of which it must show one.
    pub fn ways(self) -> impl Iterator<Item = &'static str> {
        let own = self.variables().iter().copied();
        own.filter(|name| matches!(*name, "link" | "code"))
    }

    /// Something for everything that the letter can say, to try its words with.
    pub fn sample(self) -> Map<String, Value> {
        let value = |name: &str| match name {
            "link" => json!("https://auth.example.com/auth/sample?token=sample"),
            "code" => json!("SMPL-CODE"),
            "minutes" => json!(30),
            "days" => json!(7),
            "left" => json!(4),
            "account" => json!("https://auth.example.com/auth/account"),
            "email" | "newEmail" => json!("ada@example.com"),
            "time" => json!("2026-11-24 18:20 UTC"),
            other => json!(format!("a sample of {other}")),
        };
        let told = self.told().map(|name| (name.to_owned(), value(name)));
        told.collect()
    }
}

impl fmt::Display for LetterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_the_name_it_has_in_manifests() {
        for kind in LetterKind::ALL {
            assert_eq!(LetterKind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert_eq!(LetterKind::named("newsletter"), None);
    }
}
