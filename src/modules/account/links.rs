use super::email::EMAIL_PATH;
use crate::modules::{Context, pages::Language, second_factor};

/// A page of the account beside the overview.
pub(super) struct AccountLink {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
}

/// The pages of this generation. A module that has one of its own has its line here.
pub(super) fn of(context: &Context, language: &Language) -> Vec<AccountLink> {
    let mut links = vec![AccountLink {
        href: EMAIL_PATH,
        text: language.email_address.title,
    }];
    if second_factor::is_on(context) {
        links.push(AccountLink {
            href: second_factor::MANAGE_PATH,
            text: language.second_factors.manage,
        });
    }
    links
}
