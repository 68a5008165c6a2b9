//! A link and a code in a letter, with which somebody shows that they read the mail of an address: for
//! recovery, and for addresses that are to be shown to be somebody's. Not a module of the product.
//!
//! Looking at a link uses nothing up: mail scanners fetch every link that they find. What is asked for
//! is done by a form, and then in one statement that lets it be done once. A link is good for as long as
//! the account is as it was when the letter was asked for.

mod pages;
mod record;

use std::time::Duration;

pub use self::{
    pages::{ConfirmPage, Shown, gone, too_many},
    record::{Confirmation, Issued, NewConfirmation, by_code, by_link, issue, peek, withdraw_all},
};
use super::attempts::Limit;

/// What is confirmed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Whoever reads the mail may set another password.
    Recovery,
    /// The address of the account is its owner's.
    Verification,
    /// The account is to have another address.
    EmailChange,
    /// The account is to have its old address again.
    EmailUndo,
}

impl Purpose {
    /// The word in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Verification => "verification",
            Self::EmailChange => "email_change",
            Self::EmailUndo => "email_undo",
        }
    }

    /// How long link and code are good for.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Recovery => 30,
            Self::Verification | Self::EmailChange => 60,
            Self::EmailUndo => 7 * 24 * 60,
        }
    }

    /// Where the link leads.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Recovery => "/auth/recover/password",
            Self::Verification => "/auth/verify",
            Self::EmailChange => "/auth/email/confirm",
            Self::EmailUndo => "/auth/email/undo",
        }
    }

    /// Whether another password makes it void.
    const fn ends_with_the_password(self) -> bool {
        matches!(self, Self::Recovery | Self::EmailChange)
    }

    /// Whether another address makes it void. Whoever took an account over could change its address
    /// twice; the way back to the first must not end with that.
    const fn ends_with_the_address(self) -> bool {
        !matches!(self, Self::EmailUndo)
    }
}

/// Letters that one address of the network can ask for.
pub const LETTERS_BY_ADDRESS: Limit = Limit {
    domain: "confirmation.letters.address",
    tries: 20,
    window: Duration::from_hours(1),
};

/// Letters that one mailbox is sent: beyond that, nothing is, and nobody is told.
pub const LETTERS_TO_MAILBOX: Limit = Limit {
    domain: "confirmation.letters.mailbox",
    tries: 5,
    window: Duration::from_hours(1),
};

/// Codes that one address of the network can try, whichever letters they are of.
pub const CODES_BY_ADDRESS: Limit = Limit {
    domain: "confirmation.codes.address",
    tries: 30,
    window: Duration::from_hours(1),
};
