//! What one person granted one client: the rows of `oidc_grants`. Codes, refresh tokens and access
//! tokens of a grant live no longer than it does.

use super::{holder::Holder, resource::Resources, scope::Scopes, session_registry};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, token},
    modules::session::{Acr, SignedIn},
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

/// The stored form of a code.
pub(super) fn hash_code(keyring: &Keyring, code: &str) -> Hashed {
    keyring.token_hash("oidc.code", code)
}

/// The stored form of a refresh token.
pub(super) fn hash_refresh_token(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("oidc.refresh_token", token)
}

/// What a person grants a client now.
#[derive(Clone, Copy)]
pub(super) struct NewGrant<'a> {
    pub(super) client_uid: &'a str,
    pub(super) person: &'a SignedIn,
    pub(super) scopes: &'a Scopes,
    pub(super) resources: &'a Resources,
    pub(super) nonce: Option<&'a str>,
    /// What was asked for claim by claim.
    pub(super) claims: Option<&'a str>,
    /// What its tokens say of the sign-in.
    pub(super) acr: Option<&'a str>,
    /// The key that the client announced (RFC 9449 10).
    pub(super) dpop_jkt: Option<&'a str>,
    /// When the last token that can come from it has expired.
    pub(super) expires_at: UnixMillis,
}

/// Makes the grant, and gives its id.
pub(super) async fn make(
    tx: &mut Tx,
    grant: NewGrant<'_>,
    now: UnixMillis,
) -> Result<String, StoreError> {
    let id = token::uuid_v7(now)?.to_string();
    let session_id = &grant.person.session_id;
    let sid = session_registry::register(tx, session_id, grant.client_uid, now).await?;
    execute!(
        tx,
        "INSERT INTO oidc_grants (id, client_uid, user_id, session_id, scope, nonce,
                                  authenticated_at, amr, acr, created_at, expires_at, sid,
                                  dpop_jkt, claims, resource)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &id,
        grant.client_uid,
        &grant.person.user_id,
        session_id,
        grant.scopes.to_string(),
        grant.nonce,
        grant.person.authenticated_at,
        &grant.person.amr,
        grant.acr,
        now,
        grant.expires_at,
        &sid,
        grant.dpop_jkt,
        grant.claims,
        grant.resources.column(),
    )?;
    Ok(id)
}

/// A grant that lives, and its person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct LiveGrant {
    pub(super) id: String,
    pub(super) client_uid: String,
    pub(super) user_id: String,
    pub(super) scope: String,
    /// The resource servers that its tokens may be for, with blanks between.
    pub(super) resource: Option<String>,
    pub(super) nonce: Option<String>,
    /// What was asked for claim by claim (`claims_request`).
    pub(super) claims: Option<String>,
    pub(super) authenticated_at: UnixMillis,
    pub(super) amr: String,
    pub(super) acr: Option<String>,
    /// The session as the client knows it.
    pub(super) sid: Option<String>,
    /// The thumbprints of the key and the certificate that all its tokens are bound to (RFC 9449,
    /// RFC 8705).
    pub(super) dpop_jkt: Option<String>,
    pub(super) x5t_s256: Option<String>,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) attributes: String,
    /// Names of the person's groups, a line each, if the scope `groups` was granted.
    pub(super) group_names: Option<String>,
    pub(super) user_updated_at: UnixMillis,
}

/// Whether a grant `g` goes on at the moment `$2`: not revoked, and the session `s` it was made in still
/// on, unless it is for offline use (OpenID Connect Core 11).
macro_rules! goes_on {
    () => {
        "g.revoked_at IS NULL AND ((s.revoked_at IS NULL AND s.expires_at > $2)
         OR ' ' || g.scope || ' ' LIKE '% offline_access %')"
    };
}
pub(super) use goes_on;

/// Reads a [`LiveGrant`] at the moment `$2`, and columns beside it. Alive: not revoked, its person
/// active, and the session it was made in still on, unless it is for offline use (OpenID Connect Core
/// 11).
macro_rules! live_grant {
    ($more:literal, $join:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $more,
            "g.id, g.client_uid, g.user_id, g.scope, g.resource, g.nonce, g.authenticated_at, g.amr,
        g.acr, g.sid, g.dpop_jkt, g.x5t_s256, g.claims,
        u.email, u.email_verified, u.attributes, u.updated_at AS user_updated_at,
        CASE WHEN ' ' || g.scope || ' ' LIKE '% groups %' THEN
            (SELECT string_agg(n.name, '\n')
               FROM group_members m JOIN groups n ON n.id = m.group_id
              WHERE m.user_id = u.id) END AS group_names
   FROM oidc_grants g
   JOIN users u ON u.id = g.user_id
   LEFT JOIN sessions s ON s.id = g.session_id ",
            $join,
            " WHERE ",
            $which,
            " AND u.state = 'active' AND ",
            $crate::modules::oidc_provider::grant::goes_on!(),
        )
    };
}
pub(super) use live_grant;

const LIVE: &str = live_grant!("", "", "g.id = $1");

/// The grant, if it lives.
pub(super) async fn live(
    store: &Store,
    id: &str,
    now: UnixMillis,
) -> Result<Option<LiveGrant>, StoreError> {
    fetch_optional!(store, LiveGrant, LIVE, id, now)
}

/// The grant, if it lives, as this transaction sees it.
pub(super) async fn live_in(
    tx: &mut Tx,
    id: &str,
    now: UnixMillis,
) -> Result<Option<LiveGrant>, StoreError> {
    fetch_optional!(tx, LiveGrant, LIVE, id, now)
}

impl LiveGrant {
    /// Whether the person had proved themselves with two factors, whatever context was asked for.
    pub(super) fn has_two_factors(&self) -> bool {
        let amr: Vec<&str> = serde_json::from_str(&self.amr).unwrap_or_default();
        Acr::reached(&amr) == Some(Acr::MultiFactor)
    }

    /// Whether the request may have tokens of it: it proves whatever the grant is bound to.
    pub(super) fn is_held_by(&self, holder: &Holder) -> bool {
        holder.holds(self.dpop_jkt.as_deref(), self.x5t_s256.as_deref())
    }
}

/// Binds the grant to what whoever holds its tokens proves (RFC 9449 5, RFC 8705 4): all that comes from
/// it later is bound to the same.
pub(super) async fn bind(tx: &mut Tx, id: &str, holder: &Holder) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE oidc_grants SET dpop_jkt = COALESCE(dpop_jkt, $2), x5t_s256 = COALESCE(x5t_s256, $3)
          WHERE id = $1",
        id,
        holder.key.as_deref(),
        holder.certificate.as_deref(),
    )
    .map(drop)
}

/// Ends the grant and with it every token that came from it. `false` if it had ended before.
pub(super) async fn revoke(tx: &mut Tx, id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE oidc_grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id,
        now,
    )?;
    Ok(rows == 1)
}
