//! `/auth/consent`: the person says whether a client may see what it asks for.

mod meaning;
mod page;
mod record;

use crate::modules::{Context, Problem};

pub(super) use self::{
    meaning::{in_words, of_scopes},
    page::{decide, show},
    record::{Consented, recorded, remember},
};
use super::flow::Flow;

/// The page.
pub(super) const CONSENT_PATH: &str = "/auth/consent";

/// The address of the page for this flow.
pub(super) fn address(context: &Context, flow: &Flow) -> Result<String, Problem> {
    Ok(format!(
        "{CONSENT_PATH}?flow={}",
        flow.seal(&context.keyring)?
    ))
}
