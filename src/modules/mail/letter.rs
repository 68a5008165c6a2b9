use std::time::Duration;

use assay_reconciler::spec::LetterKind;
use serde_json::{Map, Value, json};

/// For how long delivery is tried, if the letter says nothing else.
const A_DAY: Duration = Duration::from_hours(24);

/// What somebody is told by mail. Links are whole addresses.
#[derive(Clone, Copy)]
pub enum Letter<'a> {
    /// Show that the address is yours.
    Verification {
        /// Leads to a page with a button.
        link: &'a str,
        /// Can be typed where the letter was asked for.
        code: &'a str,
        /// How long both are good for.
        minutes: u32,
    },
    /// The way back into your account.
    Recovery {
        /// Leads to a page with a button.
        link: &'a str,
        /// Can be typed where the letter was asked for.
        code: &'a str,
        /// How long both are good for.
        minutes: u32,
    },
    /// Finish making your account.
    Registration {
        /// Leads to a page with a button.
        link: &'a str,
        /// Can be typed where the letter was asked for.
        code: &'a str,
        /// How long both are good for.
        minutes: u32,
    },
    /// Somebody wanted to make an account with your address, and there is one.
    AlreadyRegistered {
        /// Where the person signs in.
        link: &'a str,
    },
    /// You are invited to make an account.
    Invitation {
        /// Leads to the page where one is made.
        link: &'a str,
        /// How long it is good for.
        days: u32,
    },
    /// Show that your account's new address is yours.
    EmailChange {
        /// Leads to a page with a button.
        link: &'a str,
        /// Can be typed where the letter was asked for.
        code: &'a str,
        /// How long both are good for.
        minutes: u32,
    },
    /// Your account has another address now.
    EmailChanged {
        /// Leads to a page with a button that undoes it.
        link: &'a str,
        /// The other address.
        new_email: &'a str,
        /// How long it can be undone.
        days: u32,
    },
    /// Somebody signed in at a browser that you did not use before.
    NewDevice {
        /// Such as "Firefox on Linux".
        device: &'a str,
        /// A town or an address of the network.
        place: &'a str,
    },
    /// Your password was changed.
    PasswordChanged,
    /// You have a further passkey.
    PasskeyAdded {
        /// What the person calls it.
        name: &'a str,
    },
    /// You have a passkey less.
    PasskeyRemoved {
        /// What the person called it.
        name: &'a str,
    },
    /// Somebody may have a copy of one of your passkeys, which is good for nothing from now on.
    PasskeySuspected {
        /// Where the person sees their passkeys.
        link: &'a str,
        /// What the person calls it.
        name: &'a str,
    },
    /// Signing in takes a second factor from now on.
    SecondFactorAdded,
    /// Signing in takes no second factor any more.
    SecondFactorRemoved,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many there still are.
        left: u32,
    },
    /// You have new recovery codes; those before are void.
    RecoveryCodesMade,
    /// You can sign in with this provider from now on.
    AccountLinked {
        /// As its button says.
        provider: &'a str,
    },
    /// You cannot sign in with this provider any more.
    AccountUnlinked {
        /// As its button said.
        provider: &'a str,
    },
    /// Your account will be deleted.
    DeletionScheduled {
        /// Where it can be kept.
        link: &'a str,
        /// Until then.
        days: u32,
    },
    /// Your account is deleted.
    AccountDeleted,
}

/// Nothing of it: links and codes are secrets.
impl std::fmt::Debug for Letter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({})", self.kind())
    }
}

impl Letter<'_> {
    /// Which letter it is.
    pub fn kind(&self) -> LetterKind {
        match self {
            Self::Verification { .. } => LetterKind::Verification,
            Self::Recovery { .. } => LetterKind::Recovery,
            Self::Registration { .. } => LetterKind::Registration,
            Self::AlreadyRegistered { .. } => LetterKind::AlreadyRegistered,
            Self::Invitation { .. } => LetterKind::Invitation,
            Self::EmailChange { .. } => LetterKind::EmailChange,
            Self::EmailChanged { .. } => LetterKind::EmailChanged,
            Self::NewDevice { .. } => LetterKind::NewDevice,
            Self::PasswordChanged => LetterKind::PasswordChanged,
            Self::PasskeyAdded { .. } => LetterKind::PasskeyAdded,
            Self::PasskeyRemoved { .. } => LetterKind::PasskeyRemoved,
            Self::PasskeySuspected { .. } => LetterKind::PasskeySuspected,
            Self::SecondFactorAdded => LetterKind::SecondFactorAdded,
            Self::SecondFactorRemoved => LetterKind::SecondFactorRemoved,
            Self::RecoveryCodeUsed { .. } => LetterKind::RecoveryCodeUsed,
            Self::RecoveryCodesMade => LetterKind::RecoveryCodesMade,
            Self::AccountLinked { .. } => LetterKind::AccountLinked,
            Self::AccountUnlinked { .. } => LetterKind::AccountUnlinked,
            Self::DeletionScheduled { .. } => LetterKind::DeletionScheduled,
            Self::AccountDeleted => LetterKind::AccountDeleted,
        }
    }

    /// What it has to tell, by the names of [`LetterKind::variables`].
    pub(super) fn variables(&self) -> Map<String, Value> {
        let value = match *self {
            Self::Verification {
                link,
                code,
                minutes,
            }
            | Self::Recovery {
                link,
                code,
                minutes,
            }
            | Self::Registration {
                link,
                code,
                minutes,
            }
            | Self::EmailChange {
                link,
                code,
                minutes,
            } => json!({ "link": link, "code": code, "minutes": minutes }),
            Self::AlreadyRegistered { link } => json!({ "link": link }),
            Self::Invitation { link, days } | Self::DeletionScheduled { link, days } => {
                json!({ "link": link, "days": days })
            }
            Self::EmailChanged {
                link,
                new_email,
                days,
            } => json!({ "link": link, "newEmail": new_email, "days": days }),
            Self::NewDevice { device, place } => json!({ "device": device, "place": place }),
            Self::PasskeyAdded { name } | Self::PasskeyRemoved { name } => json!({ "name": name }),
            Self::PasskeySuspected { link, name } => json!({ "link": link, "name": name }),
            Self::RecoveryCodeUsed { left } => json!({ "left": left }),
            Self::AccountLinked { provider } | Self::AccountUnlinked { provider } => {
                json!({ "provider": provider })
            }
            Self::PasswordChanged
            | Self::SecondFactorAdded
            | Self::SecondFactorRemoved
            | Self::RecoveryCodesMade
            | Self::AccountDeleted => json!({}),
        };
        match value {
            Value::Object(variables) => variables,
            _ => Map::new(),
        }
    }

    /// For how long delivery is worth a try: a link that has expired helps nobody.
    pub(super) fn deliver_within(&self) -> Duration {
        match self {
            Self::Verification { minutes, .. }
            | Self::Recovery { minutes, .. }
            | Self::Registration { minutes, .. }
            | Self::EmailChange { minutes, .. } => {
                Duration::from_mins(u64::from(*minutes)).min(A_DAY)
            }
            _ => A_DAY,
        }
    }

    /// One of each kind, for tests.
    #[cfg(test)]
    pub(super) fn samples() -> Vec<Letter<'static>> {
        const LINK: &str = "https://auth.example.com/auth/verify?token=t0ken";
        const CODE: &str = "482913";
        let minutes = 30;
        vec![
            Letter::Verification {
                link: LINK,
                code: CODE,
                minutes,
            },
            Letter::Recovery {
                link: LINK,
                code: CODE,
                minutes,
            },
            Letter::Registration {
                link: LINK,
                code: CODE,
                minutes,
            },
            Letter::AlreadyRegistered { link: LINK },
            Letter::Invitation {
                link: LINK,
                days: 7,
            },
            Letter::EmailChange {
                link: LINK,
                code: CODE,
                minutes,
            },
            Letter::EmailChanged {
                link: LINK,
                new_email: "lovelace@example.com",
                days: 7,
            },
            Letter::NewDevice {
                device: "Firefox on Linux",
                place: "192.0.2.1",
            },
            Letter::PasswordChanged,
            Letter::PasskeyAdded { name: "Phone" },
            Letter::PasskeyRemoved { name: "Phone" },
            Letter::PasskeySuspected {
                link: LINK,
                name: "Phone",
            },
            Letter::SecondFactorAdded,
            Letter::SecondFactorRemoved,
            Letter::RecoveryCodeUsed { left: 4 },
            Letter::RecoveryCodesMade,
            Letter::AccountLinked { provider: "Google" },
            Letter::AccountUnlinked { provider: "Google" },
            Letter::DeletionScheduled {
                link: LINK,
                days: 14,
            },
            Letter::AccountDeleted,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_tells_exactly_what_its_kind_promises() {
        let samples = Letter::samples();
        let kinds: Vec<LetterKind> = samples.iter().map(Letter::kind).collect();
        assert_eq!(kinds, LetterKind::ALL);
        for letter in samples {
            let variables = letter.variables();
            let mut told: Vec<&str> = variables.keys().map(String::as_str).collect();
            let mut promised = letter.kind().variables().to_vec();
            told.sort_unstable();
            promised.sort_unstable();
            assert_eq!(told, promised, "{letter:?}");
        }
    }
}
