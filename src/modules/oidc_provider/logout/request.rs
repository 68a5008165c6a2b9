//! What a client asks for (OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3).

use std::sync::Arc;

use super::super::{
    id_token::{self, Hint},
    session_registry, subject,
};
use crate::{
    generation::Client,
    modules::{
        Context,
        parameters::{Parameters, append},
        session::SignedIn,
    },
    store::StoreError,
};

/// What the confirmation hands on. The rest of a request, as RFC 6749 3.1 has it, is passed over.
pub(super) const PARAMETERS: [&str; 6] = [
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
];

/// A logout request, checked.
pub(super) struct LogoutRequest {
    pub(super) client: Option<Arc<Client>>,
    /// Whose session the client means.
    hint: Option<Hint>,
    logout_hint: Option<String>,
    /// Where the browser goes afterwards: an address that the client registered.
    pub(super) next: Option<String>,
}

/// Checks the request; what is wrong with it is for the client's developer.
pub(super) fn check(
    context: &Context,
    parameters: &Parameters,
) -> Result<LogoutRequest, &'static str> {
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(hint) => Some(
            id_token::hinted(context, hint)
                .ok_or("id_token_hint is not an ID token of this provider")?,
        ),
    };
    let hinted_client = hint.as_ref().map(|hint| hint.aud.as_str());
    let client_id = match (parameters.get("client_id"), hinted_client) {
        (Some(named), Some(hinted)) if named != hinted => {
            return Err("id_token_hint was given to another client than client_id");
        }
        (named, hinted) => named.or(hinted),
    };
    let client = client_id
        .and_then(|client_id| context.snapshot.client(client_id))
        .filter(|client| client.spec.enabled);
    let next = match parameters.get("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            let is_registered = client.is_some_and(|client| {
                let mut uris = client.spec.post_logout_redirect_uris.iter();
                uris.any(|registered| registered.as_str() == uri)
            });
            if !is_registered {
                return Err("post_logout_redirect_uri is not one that this client has registered");
            }
            Some(match parameters.get("state") {
                None => uri.to_owned(),
                Some(state) => append(uri, &[("state", state.into())]),
            })
        }
    };
    Ok(LogoutRequest {
        client: client.cloned(),
        hint,
        logout_hint: parameters.get("logout_hint").map(str::to_owned),
        next,
    })
}

impl LogoutRequest {
    /// Whether the client has shown that it means this very session. Anybody can lead a browser here,
    /// so that everybody else has to ask the person.
    pub(super) async fn is_about(
        &self,
        context: &Context,
        person: &SignedIn,
    ) -> Result<bool, StoreError> {
        let (Some(hint), Some(client)) = (&self.hint, &self.client) else {
            return Ok(false);
        };
        let sub = subject::of(&context.keyring, client, &person.user_id);
        if hint.sub != sub {
            return Ok(false);
        }
        let sid = session_registry::sid(&context.store, &person.session_id, &client.uid).await?;
        let is_this_session = hint.sid.is_none() || hint.sid == sid;
        let is_this_person = self.logout_hint.as_deref().is_none_or(|hint| {
            hint.eq_ignore_ascii_case(&person.email) || hint == sub || sid.as_deref() == Some(hint)
        });
        Ok(is_this_session && is_this_person)
    }
}
