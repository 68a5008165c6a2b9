//! Groups of people: list, make, change, delete, and who is in them.

use axum::{
    Router,
    extract::{Path, Query as InQuery, rejection::QueryRejection},
    http::StatusCode,
    routing::{get, put},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
    json::Json,
    search::{MAX_PAGE, PAGE},
};
use crate::{
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        user::{self, Group, GroupError, GroupName},
    },
    store::{Query, Tx, fetch_all, fetch_optional},
};

/// A group that is to be.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewGroup {
    /// What the claim `groups` says.
    pub name: String,
    /// By which id another system knows it.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// What is to be changed about a group; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateGroup {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Another external id; none, if `null`.
    #[serde(default, deserialize_with = "super::people::sent")]
    pub external_id: Option<Value>,
}

/// Which groups to list; all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupsQuery {
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    search: Option<String>,
}

/// One page of groups.
#[derive(Clone, Debug, Serialize)]
pub struct Groups {
    /// The oldest first; of one person, by name.
    groups: Vec<Group>,
    /// What to give as `after` for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<GroupError> for Refusal {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Store(error) => Self::Store(error),
            other => Self::Group(other),
        }
    }
}

impl Administration {
    /// Makes a group of nobody.
    pub async fn make_group(&self, request: &NewGroup) -> Result<Group, Refusal> {
        let name: GroupName = request.name.parse().map_err(GroupError::Name)?;
        let mut tx = self.store.begin().await?;
        let external_id = request.external_id.as_deref();
        let group = user::make_group(&mut tx, &name, external_id, self.clock.now()).await?;
        let detail = json!({ "name": group.name });
        self.note_group(&mut tx, "group.create", &group.id, detail)
            .await?;
        tx.commit().await?;
        Ok(group)
    }

    /// One group.
    pub async fn group(&self, id: &str) -> Result<Group, Refusal> {
        let found = fetch_optional!(
            &self.store,
            Group,
            "SELECT id, name, external_id, created_at, updated_at FROM groups WHERE id = $1",
            id
        )?;
        Ok(found.ok_or(GroupError::Unknown)?)
    }

    /// One page of groups.
    pub async fn groups(&self, query: &GroupsQuery) -> Result<Groups, Refusal> {
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let mut found = Query::new(
            &self.store,
            "SELECT id, name, external_id, created_at, updated_at FROM groups WHERE id > ",
        );
        found.bind(query.after.as_deref().unwrap_or_default());
        if let Some(name) = &query.name {
            found.push(" AND name_key = ").bind(user::search_key(name));
        }
        if let Some(external_id) = &query.external_id {
            found.push(" AND external_id = ").bind(external_id.as_str());
        }
        if let Some(text) = &query.search {
            found
                .push(" AND ")
                .begins_with("name_key", &user::search_key(text));
        }
        found.push(" ORDER BY id LIMIT ").bind(limit + 1);
        let mut groups: Vec<Group> = found.fetch_all(&self.store).await?;
        let has_more = groups.len() > limit as usize;
        groups.truncate(limit as usize);
        let last = groups.last().filter(|_| has_more);
        let next = last.map(|last| last.id.clone());
        Ok(Groups { groups, next })
    }

    /// The groups that somebody is in, by name.
    pub async fn groups_of(&self, user_id: &str) -> Result<Groups, Refusal> {
        self.user(user_id).await?;
        let groups = fetch_all!(
            &self.store,
            Group,
            "SELECT g.id, g.name, g.external_id, g.created_at, g.updated_at
               FROM group_members m JOIN groups g ON g.id = m.group_id
              WHERE m.user_id = $1
              ORDER BY g.name_key",
            user_id
        )?;
        Ok(Groups { groups, next: None })
    }

    /// Gives a group another name or external id.
    pub async fn change_group(&self, id: &str, request: &UpdateGroup) -> Result<Group, Refusal> {
        let name = request.name.as_deref().map(str::parse::<GroupName>);
        let name = name.transpose().map_err(GroupError::Name)?;
        let external_id = match &request.external_id {
            None => None,
            Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text.as_str())),
            Some(_) => return Err(GroupError::ExternalId.into()),
        };
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        user::change_group(&mut tx, id, name.as_ref(), external_id, now).await?;
        let detail = json!({ "name": request.name, "externalId": request.external_id });
        self.note_group(&mut tx, "group.update", id, detail).await?;
        tx.commit().await?;
        self.group(id).await
    }

    /// Forgets a group; the people in it stay.
    pub async fn delete_group(&self, id: &str) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        if !user::delete_group(&mut tx, id).await? {
            tx.rollback().await?;
            return Err(GroupError::Unknown.into());
        }
        self.note_group(&mut tx, "group.delete", id, json!({}))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Takes somebody into a group, or out of it.
    pub async fn set_membership(
        &self,
        id: &str,
        user_id: &str,
        is_member: bool,
    ) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let action = if is_member {
            user::add_members(&mut tx, id, &[user_id], now).await?;
            "group.add_member"
        } else {
            user::remove_members(&mut tx, id, Some(&[user_id]), now).await?;
            "group.remove_member"
        };
        self.note_group(&mut tx, action, id, json!({ "user": user_id }))
            .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn note_group(
        &self,
        tx: &mut Tx,
        action: &'static str,
        id: &str,
        detail: Value,
    ) -> Result<(), Refusal> {
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action,
            subject: Some(&format!("group:{id}")),
            detail,
            ip: None,
        };
        Ok(audit::record(tx, event, self.clock.now()).await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/groups", get(list).post(make))
        .route(
            "/auth/admin/auth/groups/{id}",
            get(one).patch(change).delete(delete),
        )
        .route(
            "/auth/admin/auth/groups/{id}/members/{user}",
            put(add).delete(remove),
        )
        .route("/auth/admin/auth/users/{id}/groups", get(of_user))
}

async fn list(
    permitted: Permitted<UsersRead>,
    query: Result<InQuery<GroupsQuery>, QueryRejection>,
) -> Result<axum::Json<Groups>, Problem> {
    let InQuery(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(axum::Json(permitted.administration.groups(&query).await?))
}

async fn make(
    permitted: Permitted<UsersWrite>,
    Json(request): Json<NewGroup>,
) -> Result<(StatusCode, axum::Json<Group>), Problem> {
    let group = permitted.administration.make_group(&request).await?;
    Ok((StatusCode::CREATED, axum::Json(group)))
}

async fn one(
    permitted: Permitted<UsersRead>,
    Path(id): Path<String>,
) -> Result<axum::Json<Group>, Problem> {
    Ok(axum::Json(permitted.administration.group(&id).await?))
}

async fn change(
    permitted: Permitted<UsersWrite>,
    Path(id): Path<String>,
    Json(request): Json<UpdateGroup>,
) -> Result<axum::Json<Group>, Problem> {
    let administration = permitted.administration;
    Ok(axum::Json(
        administration.change_group(&id, &request).await?,
    ))
}

async fn delete(
    permitted: Permitted<UsersWrite>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.delete_group(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add(
    permitted: Permitted<UsersWrite>,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let administration = permitted.administration;
    administration.set_membership(&id, &user, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    permitted: Permitted<UsersWrite>,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let administration = permitted.administration;
    administration.set_membership(&id, &user, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of_user(
    permitted: Permitted<UsersRead>,
    Path(id): Path<String>,
) -> Result<axum::Json<Groups>, Problem> {
    Ok(axum::Json(permitted.administration.groups_of(&id).await?))
}
