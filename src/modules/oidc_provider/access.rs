//! What a person has let clients see and do, and how they take it back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::{
    claims_request::ClaimNames,
    consent::{self, Consented},
    grant::goes_on,
    resource::Resources,
    scope::Scopes,
};
use crate::{
    clock::UnixMillis,
    generation::{Client, Snapshot},
    modules::{
        audit::{self, AuditEvent},
        pages::Language,
    },
    store::{Store, StoreError, Tx, execute, fetch_all},
};

/// What one client may see and do of one person.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientAccess {
    /// The client's `client_id`.
    pub client: String,
    /// Its name for people.
    pub display_name: String,
    /// The scopes that it was given.
    pub scopes: Vec<String>,
    /// Claims that it was given one by one.
    pub claims: Vec<String>,
    /// Resource servers beyond this provider that its tokens may be for.
    pub resources: Vec<String>,
    /// When something was allowed or used last.
    pub granted_at: UnixMillis,
    /// Sign-ins of it that live.
    pub live_grants: usize,
}

#[derive(sqlx::FromRow)]
struct Row {
    client_uid: String,
    scope: String,
    claims: Option<String>,
    resource: Option<String>,
    at: UnixMillis,
    is_grant: bool,
}

impl ClientAccess {
    /// What it may do, each with people's words for it, if there are any.
    pub fn meanings(
        &self,
        snapshot: &Snapshot,
        language: &Language,
    ) -> Vec<(String, Option<String>)> {
        let given = Consented {
            scopes: Scopes::parse(&self.scopes.join(" ")),
            claims: ClaimNames::parse(&self.claims.join(" ")),
            ..Consented::default()
        };
        let words = consent::in_words(&given, snapshot, language).into_iter();
        words
            .map(|(name, meaning)| (name.to_owned(), meaning.map(str::to_owned)))
            .collect()
    }
}

/// Which clients may see or do something of this person, by consent or by a sign-in that lives; by their
/// name for people.
pub async fn access_of(
    store: &Store,
    snapshot: &Snapshot,
    issuer: &str,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<ClientAccess>, StoreError> {
    let rows = fetch_all!(
        store,
        Row,
        concat!(
            "SELECT client_uid, scope, claims, resource, granted_at AS at, FALSE AS is_grant
           FROM oidc_consents
          WHERE user_id = $1
          UNION ALL
         SELECT g.client_uid, g.scope, NULL AS claims, g.resource, g.created_at AS at,
                TRUE AS is_grant
           FROM oidc_grants g
           LEFT JOIN sessions s ON s.id = g.session_id
          WHERE g.user_id = $1 AND g.expires_at > $2 AND ",
            goes_on!(),
        ),
        user_id,
        now,
    )?;
    let mut by_client: BTreeMap<String, (Consented, UnixMillis, usize)> = BTreeMap::new();
    for row in rows {
        let (given, at, live) = by_client
            .entry(row.client_uid)
            .or_insert_with(|| (Consented::default(), row.at, 0));
        given.scopes = given.scopes.union(&Scopes::parse(&row.scope));
        let claims = ClaimNames::parse(row.claims.as_deref().unwrap_or_default());
        given.claims = given.claims.union(&claims);
        let resources = Resources::stored(row.resource.as_deref());
        given.resources = given.resources.union(&resources.beyond(issuer));
        *at = row.at.max(*at);
        *live += usize::from(row.is_grant);
    }
    let mut all: Vec<ClientAccess> = by_client
        .into_iter()
        .filter_map(|(uid, (given, granted_at, live_grants))| {
            let client = snapshot.client_by_uid(&uid)?;
            Some(ClientAccess {
                client: client.name.clone(),
                display_name: client.shown_name().to_owned(),
                scopes: given.scopes.iter().map(str::to_owned).collect(),
                claims: given.claims.iter().map(str::to_owned).collect(),
                resources: given.resources.iter().map(str::to_owned).collect(),
                granted_at,
                live_grants,
            })
        })
        .collect();
    all.sort_by(|a, b| (&a.display_name, &a.client).cmp(&(&b.display_name, &b.client)));
    Ok(all)
}

/// A client that loses what it was given.
#[derive(Clone, Copy, Debug)]
pub struct Withdrawal<'a> {
    /// By whom it was given.
    pub user_id: &'a str,
    /// To whom.
    pub client: &'a Client,
    /// Who takes it back, for the audit log.
    pub actor: &'a str,
    /// From where.
    pub ip: Option<&'a str>,
}

/// Takes back all that the person has let this client see and do: the consent, and every sign-in with its
/// codes and tokens. `false` if there was nothing.
pub async fn withdraw_access(
    tx: &mut Tx,
    withdrawal: Withdrawal<'_>,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let (user_id, client) = (withdrawal.user_id, withdrawal.client);
    let consents = execute!(
        tx,
        "DELETE FROM oidc_consents WHERE user_id = $1 AND client_uid = $2",
        user_id,
        &client.uid,
    )?;
    // The grants stay until they expire: a code that comes a second time is still known for what it is.
    let grants = execute!(
        tx,
        "UPDATE oidc_grants SET revoked_at = $3
          WHERE user_id = $1 AND client_uid = $2 AND revoked_at IS NULL",
        user_id,
        &client.uid,
        now,
    )?;
    execute!(
        tx,
        "DELETE FROM oidc_refresh_tokens
          WHERE grant_id IN (SELECT id FROM oidc_grants WHERE user_id = $1 AND client_uid = $2)",
        user_id,
        &client.uid,
    )?;
    execute!(
        tx,
        "DELETE FROM oidc_access_tokens
          WHERE grant_id IN (SELECT id FROM oidc_grants WHERE user_id = $1 AND client_uid = $2)",
        user_id,
        &client.uid,
    )?;
    if consents + grants == 0 {
        return Ok(false);
    }
    let subject = format!("client:{}", client.name);
    let event = AuditEvent {
        actor: withdrawal.actor,
        action: "oidc.consent_withdrawn",
        subject: Some(&subject),
        detail: json!({ "user": user_id, "grants": grants }),
        ip: withdrawal.ip,
    };
    audit::record(tx, event, now).await?;
    Ok(true)
}
