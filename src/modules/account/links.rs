use crate::modules::{Context, pages::Language};

/// A page of the account beside the overview.
pub(super) struct AccountLink {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
}

/// The pages of this generation. A module that has one of its own has its line here.
pub(super) fn of(_context: &Context, _language: &Language) -> Vec<AccountLink> {
    Vec::new()
}
