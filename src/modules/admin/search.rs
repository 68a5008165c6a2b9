//! People and how they are found: by address, name, external id, state or group.

use axum::extract::{Query as InQuery, rejection::QueryRejection};
use serde::{Deserialize, Serialize};

use super::{
    Administration, Person, Refusal,
    credential::{Permitted, UsersRead},
};
use crate::{
    modules::{Problem, password::PasswordError, user},
    store::Query,
};

/// Rows of one page, unless asked for fewer.
pub(super) const PAGE: u32 = 100;
/// Rows of one page, however many are asked for.
pub(super) const MAX_PAGE: u32 = 1_000;

/// Which people to list; all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsersQuery {
    /// How many at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Those after this one: `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// The one with this address.
    #[serde(default)]
    pub email: Option<String>,
    /// The one that another system knows by this id.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Those whose account is `active`, `disabled` or `pending`.
    #[serde(default)]
    pub state: Option<user::UserState>,
    /// Those in the group with this id.
    #[serde(default)]
    pub group: Option<String>,
    /// Those whose address, user name, name or external id begins with it.
    #[serde(default)]
    pub search: Option<String>,
}

/// One page of people.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct People {
    /// Oldest account first.
    pub users: Vec<Person>,
    /// What to give as `after` for the next page; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Administration {
    /// One page of people.
    pub async fn users(&self, query: &UsersQuery) -> Result<People, Refusal> {
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let mut found = Query::new(
            &self.store,
            "SELECT id, email, user_name, external_id, email_verified, state, is_admin,
                    password_hash IS NOT NULL AS has_password, attributes, created_at, updated_at
               FROM users WHERE id > ",
        );
        found.bind(query.after.as_deref().unwrap_or_default());
        if let Some(text) = &query.email {
            let email: user::Email = text.parse().map_err(PasswordError::Email)?;
            found.push(" AND email = ").bind(email.as_str());
        }
        if let Some(external_id) = &query.external_id {
            found.push(" AND external_id = ").bind(external_id.as_str());
        }
        if let Some(state) = query.state {
            found.push(" AND state = ").bind(state.name());
        }
        if let Some(group) = &query.group {
            found
                .push(" AND id IN (SELECT user_id FROM group_members WHERE group_id = ")
                .bind(group.as_str())
                .push(")");
        }
        if let Some(text) = &query.search {
            // One look at each index, and not one at every person.
            let key = user::search_key(text);
            found
                .push(" AND id IN (SELECT id FROM users WHERE ")
                .begins_with("email", &key)
                .push(" UNION SELECT id FROM users WHERE ")
                .begins_with("user_name", &key)
                .push(" UNION SELECT id FROM users WHERE ")
                .begins_with("name_key", &key)
                .push(" UNION SELECT id FROM users WHERE ")
                .begins_with("external_id", text.trim())
                .push(")");
        }
        found.push(" ORDER BY id LIMIT ").bind(limit + 1);
        let mut users: Vec<Person> = found.fetch_all(&self.store).await?;
        let has_more = users.len() > limit as usize;
        users.truncate(limit as usize);
        let next = users
            .last()
            .filter(|_| has_more)
            .map(|last| last.id.clone());
        Ok(People { users, next })
    }
}

pub(super) async fn list(
    permitted: Permitted<UsersRead>,
    query: Result<InQuery<UsersQuery>, QueryRejection>,
) -> Result<axum::Json<People>, Problem> {
    let InQuery(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(axum::Json(permitted.administration.users(&query).await?))
}
