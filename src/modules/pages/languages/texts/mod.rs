//! Every text that a person sees, with what a translator has to know about it.

macro_rules! texts {
    ($($(#[$about:meta])* $name:ident { $($(#[$text_about:meta])* $text:ident: $kind:ty,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            #[cfg_attr(test, derive(serde::Serialize))]
            pub struct $name {
                $($(#[$text_about])* pub $text: $kind,)*
            }
        )*
    };
}

/// A text without a placeholder.
type Text = &'static str;

mod account;
mod applications;
mod signing_in;

pub use self::{
    account::{Account, EmailAddress, ProfileFields, SelfService},
    applications::{Authorize, ClaimMeanings, Consent, Device, Logout, ScopeMeanings},
    signing_in::{
        AccountChoice, Confirmation, Login, Passkeys, PasswordRules, Recovery, Registration,
        SecondFactors, SignedOut, Upstream,
    },
};
use super::Phrase;

texts! {
    /// What several pages say.
    Common {
        /// `{person}` is an e-mail address.
        signed_in_as: Phrase,
        /// A link: leads to the sign-in page.
        other_account: Text,
        /// A button: the application may.
        allow: Text,
        /// A button: the application may not.
        deny: Text,
        /// A button or link: on to the next step.
        go_on: Text,
        /// A link to the page with the title `account.title`.
        open_account: Text,
        /// Above a technical message in English.
        for_developers: Text,
        /// A link under each page.
        support: Text,
        /// A link under each page.
        privacy: Text,
    }
}
