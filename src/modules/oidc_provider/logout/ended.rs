//! What the end of a session means for its clients. All of it is part of the transaction that ends the
//! session, so that no crash comes in between.

use std::time::Duration;

use assay_reconciler::spec::{OidcClientSpec, WebUri};
use url::Url;

use crate::{
    clock::UnixMillis,
    crypto::token,
    modules::parameters::append,
    store::{StoreError, Tx, execute, fetch_all},
};

/// How long it is tried to tell a client.
const TRIED_FOR: Duration = Duration::from_hours(24);

/// A page of a client that a browser loads to sign the person out there (OpenID Connect Front-Channel
/// Logout 1.0).
#[derive(Clone, Debug)]
pub struct FrontChannelPage {
    uri: WebUri,
    /// The session as the client knows it, if it wants to be told.
    sid: Option<String>,
}

impl FrontChannelPage {
    /// Its address (section 3: `sid` never comes without `iss`).
    pub fn address(&self, issuer: &str) -> String {
        match &self.sid {
            None => self.uri.as_str().to_owned(),
            Some(sid) => append(
                self.uri.as_str(),
                &[("iss", issuer.into()), ("sid", sid.into())],
            ),
        }
    }

    /// The origin that the browser must be allowed to show.
    pub fn origin(&self) -> Option<String> {
        let url = Url::parse(self.uri.as_str()).ok()?;
        let origin = url.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }
}

#[derive(sqlx::FromRow)]
struct SignedInAt {
    client_uid: String,
    client: String,
    sid: String,
    spec: String,
}

/// Ends what was granted in the session, except for offline use, and leaves a notice for each client
/// that wants one. The pages of the others are for the browser to load, if it is there.
///
/// Whoever calls this has just ended the session, in the same transaction.
pub async fn session_ended(
    tx: &mut Tx,
    session_id: &str,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<FrontChannelPage>, StoreError> {
    // OpenID Connect Back-Channel Logout 1.0 section 2.7: refresh tokens without offline_access end.
    execute!(
        tx,
        "UPDATE oidc_grants SET revoked_at = $2
          WHERE session_id = $1 AND revoked_at IS NULL
            AND ' ' || scope || ' ' NOT LIKE '% offline_access %'",
        session_id,
        now,
    )?;
    let clients = fetch_all!(
        tx,
        SignedInAt,
        "SELECT s.client_uid, c.name AS client, s.sid, c.spec
           FROM oidc_sessions s
           JOIN oidc_clients c ON c.id = s.client_uid
          WHERE s.session_id = $1
          ORDER BY c.name",
        session_id,
    )?;
    let mut pages = Vec::new();
    for at in clients {
        let spec: OidcClientSpec = match serde_json::from_str(&at.spec) {
            Ok(spec) => spec,
            Err(error) => {
                tracing::error!(client = at.client, %error, "cannot tell a client of a logout");
                continue;
            }
        };
        if spec.backchannel_logout_uri.is_some() {
            leave_notice(tx, &at.client_uid, user_id, &at.sid, now).await?;
        }
        if let Some(uri) = spec.frontchannel_logout_uri {
            let sid = spec.frontchannel_logout_session_required.then_some(at.sid);
            pages.push(FrontChannelPage { uri, sid });
        }
    }
    Ok(pages)
}

async fn leave_notice(
    tx: &mut Tx,
    client_uid: &str,
    user_id: &str,
    sid: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO oidc_logout_notices (id, client_uid, sub, sid, next_attempt_at, created_at,
                                          expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        token::uuid_v7(now)?.to_string(),
        client_uid,
        // What the client calls them is found out when it is told.
        user_id,
        sid,
        now,
        now + TRIED_FOR,
    )
    .map(drop)
}
