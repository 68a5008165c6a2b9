//! Sign-ins that wait for an upstream's answer: the rows of `oidc_upstream_states`.

use serde::{Deserialize, Serialize};

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, token},
    generation::Upstream,
    modules::{Context, session::Browser},
    store::{execute, fetch_optional},
};

use super::error::UpstreamError;

/// What the sealed part is bound to.
const PURPOSE: &str = "oidc_upstream_states";
/// Longest state worth looking up.
const MAX_STATE: usize = 128;

/// What is kept until the answer comes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Waiting {
    /// What the ID token must repeat.
    pub(super) nonce: String,
    /// The other half of the challenge (RFC 7636).
    pub(super) verifier: String,
    /// Where the person was going.
    pub(super) return_to: String,
    /// Whose account the identity is to be linked to, where that is what it is all about.
    pub(super) link_to: Option<String>,
    /// When the person must have proved who they are, where they are to do so again.
    pub(super) not_before: Option<UnixMillis>,
}

/// Things are bound to the browser without its cookie standing in the database.
pub(super) fn browser_hash(keyring: &Keyring, browser: &str) -> Hashed {
    keyring.token_hash("upstream.browser", browser)
}

fn state_hash(keyring: &Keyring, state: &str) -> Hashed {
    keyring.token_hash("upstream.state", state)
}

/// Keeps it, and gives the `state` that stands for it.
pub(super) async fn keep(
    context: &Context,
    upstream: &Upstream,
    browser: &Browser,
    waiting: &Waiting,
) -> Result<String, UpstreamError> {
    let now = context.clock.now();
    let ttl = context.snapshot.oidc_client_settings().sign_in_ttl;
    let state = token::opaque("")?.expose().clone();
    execute!(
        &context.store,
        "INSERT INTO oidc_upstream_states (state_hash, upstream_id, browser_hash, sealed, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        state_hash(&context.keyring, &state),
        &upstream.uid,
        browser_hash(&context.keyring, browser.id()),
        context.keyring.seal_json(PURPOSE, waiting)?,
        now + ttl.duration(),
    )?;
    Ok(state)
}

/// What waited for this answer: of this upstream, at this browser, not long ago, and not answered
/// before. A stranger who shows somebody else's state does not use it up.
pub(super) async fn take(
    context: &Context,
    upstream: &Upstream,
    browser: &Browser,
    state: &str,
) -> Result<Option<Waiting>, UpstreamError> {
    if state.len() > MAX_STATE {
        return Ok(None);
    }
    let mut tx = context.store.begin().await?;
    let row = fetch_optional!(
        &mut tx,
        (Vec<u8>,),
        "DELETE FROM oidc_upstream_states
          WHERE state_hash = $1 AND upstream_id = $2 AND browser_hash = $3 AND expires_at > $4
      RETURNING sealed",
        state_hash(&context.keyring, state),
        &upstream.uid,
        browser_hash(&context.keyring, browser.id()),
        context.clock.now(),
    )?;
    tx.commit().await?;
    let waiting = row.map(|(sealed,)| context.keyring.open_json(PURPOSE, &sealed));
    Ok(waiting.transpose()?)
}
