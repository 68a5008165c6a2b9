use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::placed::Upstreams;
use crate::{
    clock::UnixMillis,
    crypto::password,
    modules::{
        admin::{Administration, Refusal},
        audit::{self, AuditEvent},
        oidc_client,
        user::Attributes,
    },
    store::{StoreError, Tx, fetch_all},
};

/// People that are read at once.
pub const PAGE: u32 = 1_000;

/// Whether password hashes go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// They do not.
    Left,
    /// Those do that other systems made: a hash of ours is of no use without the pepper.
    Taken,
}

/// Some of the lines of an export.
#[derive(Debug)]
pub struct ExportPage {
    /// The lines.
    pub lines: String,
    /// People who have a password whose hash is not in their line; a server does not say.
    pub kept_passwords: Option<u64>,
    /// How many people these are.
    pub people: u64,
    /// After whom to go on; nobody is left, if `None`.
    pub next: Option<String>,
}

/// A line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported<'a> {
    id: &'a str,
    email: &'a str,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    state: &'a str,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identities: Vec<Value>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    email: String,
    email_verified: bool,
    external_id: Option<String>,
    user_name: Option<String>,
    state: String,
    attributes: String,
    created_at: UnixMillis,
    password_hash: Option<String>,
}

impl Administration {
    /// Notes that people are exported from now on.
    pub async fn begin_export(&self, hashes: Hashes) -> Result<(), Refusal> {
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "user.export_all",
            subject: None,
            detail: json!({ "passwordHashes": hashes == Hashes::Taken }),
            ip: None,
        };
        let mut tx = self.store.begin().await?;
        audit::record(&mut tx, event, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The lines of those after `after`, by id, `limit` at most.
    pub async fn export_users(
        &self,
        after: &str,
        limit: u32,
        hashes: Hashes,
    ) -> Result<ExportPage, Refusal> {
        let mut tx = self.store.begin_read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT id, email, email_verified, external_id, user_name, state, attributes, created_at, password_hash
               FROM users WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            i64::from(limit)
        )?;
        let Some(last) = rows.last().map(|row| row.id.clone()) else {
            return Ok(ExportPage {
                lines: String::new(),
                kept_passwords: Some(0),
                people: 0,
                next: None,
            });
        };
        let mut groups = groups(&mut tx, after, &last).await?;
        let mut identities = identities(&mut tx, after, &last).await?;
        tx.rollback().await?;
        let mut kept_passwords = 0;
        let mut page = ExportPage {
            lines: String::new(),
            kept_passwords: None,
            people: rows.len() as u64,
            next: (rows.len() as u64 == u64::from(limit)).then_some(last),
        };
        for row in &rows {
            let portable = row.password_hash.as_deref().and_then(password::portable);
            let password_hash = portable.filter(|_| hashes == Hashes::Taken);
            if row.password_hash.is_some() && password_hash.is_none() {
                kept_passwords += 1;
            }
            let line = Exported {
                id: &row.id,
                email: &row.email,
                email_verified: row.email_verified,
                external_id: row.external_id.as_deref(),
                user_name: row.user_name.as_deref(),
                state: &row.state,
                attributes: Attributes::try_from(row.attributes.clone()).unwrap_or_default(),
                groups: groups.remove(&row.id).unwrap_or_default(),
                identities: identities.remove(&row.id).unwrap_or_default(),
                created_at: row.created_at.to_string(),
                password_hash,
            };
            page.lines.push_str(&serde_json::to_string(&line)?);
            page.lines.push('\n');
        }
        page.kept_passwords = Some(kept_passwords);
        Ok(page)
    }
}

/// The names of the groups of each person from behind `after` up to `last`.
async fn groups(
    tx: &mut Tx,
    after: &str,
    last: &str,
) -> Result<HashMap<String, Vec<String>>, StoreError> {
    let rows = fetch_all!(
        tx,
        (String, String),
        "SELECT m.user_id, g.name
           FROM group_members m JOIN groups g ON g.id = m.group_id
          WHERE m.user_id > $1 AND m.user_id <= $2
          ORDER BY g.name_key",
        after,
        last
    )?;
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    for (user, name) in rows {
        groups.entry(user).or_default().push(name);
    }
    Ok(groups)
}

/// The same of the identities at upstream providers that there still are.
async fn identities(
    tx: &mut Tx,
    after: &str,
    last: &str,
) -> Result<HashMap<String, Vec<Value>>, StoreError> {
    let upstreams = Upstreams::all(tx).await?;
    let rows = fetch_all!(
        tx,
        (String, String, String, String),
        "SELECT user_id, upstream_id, issuer, subject FROM user_upstream
          WHERE user_id > $1 AND user_id <= $2
          ORDER BY created_at, subject",
        after,
        last
    )?;
    let mut identities: HashMap<String, Vec<Value>> = HashMap::new();
    for (user, upstream_id, issuer, subject) in rows {
        // One of an issuer that the manifest does not name any more leads nowhere.
        let upstream = upstreams
            .by_uid(&upstream_id)
            .filter(|(_, spec)| oidc_client::is_issuer(spec, &issuer));
        if let Some((provider, spec)) = upstream {
            let mut identity = json!({ "provider": provider, "subject": subject });
            if spec.issuer.as_str() != issuer {
                identity["issuer"] = issuer.into();
            }
            identities.entry(user).or_default().push(identity);
        }
    }
    Ok(identities)
}
