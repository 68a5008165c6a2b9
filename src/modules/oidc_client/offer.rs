//! Identities that wait for an account's owner to say that they are theirs: the rows of
//! `oidc_upstream_offers`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{error::UpstreamError, exchange::UpstreamTokens, identity::Identity, state};
use crate::{
    generation::Upstream,
    modules::{Context, session::Browser},
    store::{Tx, execute, fetch_optional},
};

/// What the sealed part is bound to.
const PURPOSE: &str = "oidc_upstream_offers";
/// How long the owner has to sign in and agree.
const LIFETIME: Duration = Duration::from_mins(15);

/// What waits.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Offer {
    pub(super) identity: Identity,
    pub(super) tokens: UpstreamTokens,
    /// Where the person was going.
    pub(super) return_to: String,
}

/// Keeps it for the browser, in the place of one that waited there before.
pub(super) async fn keep(
    tx: &mut Tx,
    context: &Context,
    upstream: &Upstream,
    browser: &Browser,
    offer: &Offer,
) -> Result<(), UpstreamError> {
    execute!(
        tx,
        "INSERT INTO oidc_upstream_offers (browser_hash, upstream_id, sealed, expires_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (browser_hash) DO UPDATE
            SET upstream_id = excluded.upstream_id, sealed = excluded.sealed,
                expires_at = excluded.expires_at",
        state::browser_hash(&context.keyring, browser.id()),
        &upstream.uid,
        context.keyring.seal_json(PURPOSE, offer)?,
        context.clock.now() + LIFETIME,
    )?;
    Ok(())
}

/// What waits at the browser.
pub(super) async fn find(
    context: &Context,
    upstream: &Upstream,
    browser: &Browser,
) -> Result<Option<Offer>, UpstreamError> {
    let row = fetch_optional!(
        &context.store,
        (Vec<u8>,),
        "SELECT sealed FROM oidc_upstream_offers
          WHERE browser_hash = $1 AND upstream_id = $2 AND expires_at > $3",
        state::browser_hash(&context.keyring, browser.id()),
        &upstream.uid,
        context.clock.now(),
    )?;
    let offer = row.map(|(sealed,)| context.keyring.open_json(PURPOSE, &sealed));
    Ok(offer.transpose()?)
}

/// The same, and it waits no longer.
pub(super) async fn take(
    tx: &mut Tx,
    context: &Context,
    upstream: &Upstream,
    browser: &Browser,
) -> Result<Option<Offer>, UpstreamError> {
    let row = fetch_optional!(
        tx,
        (Vec<u8>,),
        "DELETE FROM oidc_upstream_offers
          WHERE browser_hash = $1 AND upstream_id = $2 AND expires_at > $3
      RETURNING sealed",
        state::browser_hash(&context.keyring, browser.id()),
        &upstream.uid,
        context.clock.now(),
    )?;
    let offer = row.map(|(sealed,)| context.keyring.open_json(PURPOSE, &sealed));
    Ok(offer.transpose()?)
}
