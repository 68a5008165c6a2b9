use assay_reconciler::spec::ModuleName;

use super::{deletion::DELETE_PATH, email::EMAIL_PATH, export::EXPORT_PATH, profile::PROFILE_PATH};
use crate::modules::{Context, oidc_client, pages::Language, passkey, password, second_factor};

/// A page of the account beside the overview.
pub(super) struct AccountLink {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
}

/// The pages of this generation. A module that has one of its own has its line here.
pub(super) fn of(context: &Context, language: &Language) -> Vec<AccountLink> {
    let texts = &language.self_service;
    let mut links = Vec::new();
    let mut add = |href, text| links.push(AccountLink { href, text });
    add(PROFILE_PATH, texts.profile);
    add(EMAIL_PATH, language.email_address.title);
    if context.snapshot.is_on(ModuleName::Password) {
        add(password::CHANGE_PATH, texts.change_password);
    }
    if context.snapshot.is_on(ModuleName::Passkey) {
        add(passkey::PAGE_PATH, language.passkeys.title);
    }
    if second_factor::is_on(context) {
        add(second_factor::MANAGE_PATH, language.second_factors.manage);
    }
    if !oidc_client::usable(&context.snapshot).is_empty() {
        add(oidc_client::LINKED_PATH, language.upstream.linked);
    }
    add(EXPORT_PATH, texts.export);
    if context.snapshot.account_settings().deletion.allowed {
        add(DELETE_PATH, texts.delete);
    }
    links
}
