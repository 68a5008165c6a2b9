use serde_json::{Value, json};

use super::super::{claims, claims_request::ClaimNames, resource::Resources, scope::Scopes};
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

/// What a person lets a client see and do: by scope, and claim by claim; and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) struct Consented {
    pub(in crate::modules::oidc_provider) scopes: Scopes,
    pub(in crate::modules::oidc_provider) claims: ClaimNames,
    /// Resource servers beyond this provider.
    pub(in crate::modules::oidc_provider) resources: Resources,
}

#[derive(sqlx::FromRow)]
struct Row {
    scope: String,
    claims: String,
    resource: String,
}

impl From<Row> for Consented {
    fn from(row: Row) -> Self {
        Self {
            scopes: Scopes::parse(&row.scope),
            claims: ClaimNames::parse(&row.claims),
            resources: Resources::stored(Some(&row.resource)),
        }
    }
}

impl Consented {
    /// Whether `given` covers it. A scope covers its claims.
    pub(in crate::modules::oidc_provider) fn is_within(&self, given: &Self) -> bool {
        let is_covered = |name: &str| {
            given.claims.contains(name)
                || claims::scope_of(name).is_some_and(|scope| given.scopes.contains(scope))
        };
        self.scopes.is_within(&given.scopes)
            && self.claims.iter().all(is_covered)
            && self.resources.is_within(&given.resources)
    }

    /// For the audit log.
    pub(in crate::modules::oidc_provider) fn as_json(&self) -> Value {
        let mut detail = json!({ "scope": self.scopes.to_string() });
        let claims = self.claims.to_text();
        if !claims.is_empty() {
            detail["claims"] = claims.into();
        }
        if let Some(resources) = self.resources.column() {
            detail["resource"] = resources.into();
        }
        detail
    }
}

/// What the person has consented to for this client.
pub(in crate::modules::oidc_provider) async fn recorded(
    store: &Store,
    user_id: &str,
    client_uid: &str,
) -> Result<Consented, StoreError> {
    let row = fetch_optional!(
        store,
        Row,
        "SELECT scope, claims, resource FROM oidc_consents
          WHERE user_id = $1 AND client_uid = $2",
        user_id,
        client_uid,
    )?;
    Ok(row.map(Consented::from).unwrap_or_default())
}

/// Adds to what the person has consented to.
pub(in crate::modules::oidc_provider) async fn remember(
    tx: &mut Tx,
    user_id: &str,
    client_uid: &str,
    more: &Consented,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let before = fetch_optional!(
        tx,
        Row,
        "SELECT scope, claims, resource FROM oidc_consents
          WHERE user_id = $1 AND client_uid = $2",
        user_id,
        client_uid,
    )?;
    let before = before.map(Consented::from).unwrap_or_default();
    execute!(
        tx,
        "INSERT INTO oidc_consents (user_id, client_uid, scope, claims, resource, granted_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, client_uid)
         DO UPDATE SET scope = excluded.scope, claims = excluded.claims,
                       resource = excluded.resource, granted_at = excluded.granted_at",
        user_id,
        client_uid,
        before.scopes.union(&more.scopes).to_string(),
        before.claims.union(&more.claims).to_text(),
        before
            .resources
            .union(&more.resources)
            .column()
            .unwrap_or_default(),
        now,
    )
    .map(drop)
}
