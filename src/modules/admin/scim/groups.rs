//! `/Groups`

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    directory::{Directory, Sent, Versions, changed_since},
    document,
    error::ScimError,
    filter::{Comparable, Filter, Operator, Resolved, holds},
    group::{WantedGroup, member, member_ids, writable},
    limits::MAX_MEMBERS,
    list::{self, Asked},
    patch::{self, Change, Verb},
    schema::GROUP,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context,
        admin::Refusal,
        user::{self, Group},
    },
    store::{Tx, fetch_all, fetch_optional},
};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/scim/v2/Groups", get(find).post(create))
        .route(
            "/auth/scim/v2/Groups/{id}",
            get(one).put(replace).patch(change).delete(delete),
        )
}

async fn find(
    _: Directory,
    State(context): State<Context>,
    asked: Asked,
) -> Result<Answer, ScimError> {
    list::found::<Group>(&context, &asked).await
}

async fn create(directory: Directory, asked: Asked, Sent(sent): Sent) -> Result<Answer, ScimError> {
    let sent = document::read(&GROUP, &sent)?;
    let wanted = WantedGroup::of(&sent)?;
    let members = member_ids(sent.get("members").unwrap_or(&Value::Null))?;
    let now = directory.context.clock.now();
    let mut tx = directory.context.store.begin().await?;
    let group = user::make_group(&mut tx, &wanted.name, wanted.external_id.as_deref(), now)
        .await
        .map_err(Refusal::from)?;
    add(&mut tx, &group.id, &members, now).await?;
    let detail = json!({ "via": "scim", "name": group.name, "members": members.len() });
    directory
        .administration
        .note_group(&mut tx, "group.create", &group.id, detail)
        .await?;
    tx.commit().await?;
    list::shown::<Group>(&directory.context, &group.id, &asked, StatusCode::CREATED).await
}

async fn one(
    _: Directory,
    State(context): State<Context>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Answer, ScimError> {
    list::shown::<Group>(&context, &id, &asked, StatusCode::OK).await
}

async fn replace(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
    asked: Asked,
    Sent(sent): Sent,
) -> Result<Answer, ScimError> {
    let sent = document::read(&GROUP, &sent)?;
    let wanted = WantedGroup::of(&sent)?;
    let members = member_ids(sent.get("members").unwrap_or(&Value::Null))?;
    let mut tx = directory.context.store.begin().await?;
    let group = hold(&mut tx, &id, &versions, directory.context.clock.now()).await?;
    write(&mut tx, &group, &wanted).await?;
    remove(&mut tx, &id, None, group.updated_at).await?;
    add(&mut tx, &id, &members, group.updated_at).await?;
    let detail = json!({ "via": "scim", "name": wanted.name.as_str(), "members": members.len() });
    directory
        .administration
        .note_group(&mut tx, "group.update", &id, detail)
        .await?;
    tx.commit().await?;
    list::shown::<Group>(&directory.context, &id, &asked, StatusCode::OK).await
}

/// 204, unless attributes are asked for: who adds one member to thousands need not be told all of them
/// (RFC 7644 3.5.2).
async fn change(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
    asked: Asked,
    Sent(sent): Sent,
) -> Result<Response, ScimError> {
    let changes = patch::read(&GROUP, &sent)?;
    let mut tx = directory.context.store.begin().await?;
    let group = hold(&mut tx, &id, &versions, directory.context.clock.now()).await?;
    let mut resource = writable(&group);
    let (mut added, mut removed) = (0, 0);
    for change in &changes {
        if change.is_of("members") {
            let (more, less) = change_members(&mut tx, &directory.context, &group, change).await?;
            added += more;
            removed += less;
        } else {
            change.apply(&mut resource)?;
        }
    }
    let wanted = WantedGroup::of(&resource)?;
    write(&mut tx, &group, &wanted).await?;
    let detail = json!({
        "via": "scim", "name": wanted.name.as_str(), "added": added, "removed": removed,
    });
    directory
        .administration
        .note_group(&mut tx, "group.update", &id, detail)
        .await?;
    tx.commit().await?;
    if !asked.is_projected {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let shown = list::shown::<Group>(&directory.context, &id, &asked, StatusCode::OK).await?;
    Ok(shown.into_response())
}

async fn delete(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
) -> Result<StatusCode, ScimError> {
    let mut tx = directory.context.store.begin().await?;
    hold(&mut tx, &id, &versions, directory.context.clock.now()).await?;
    user::delete_group(&mut tx, &id).await?;
    directory
        .administration
        .note_group(&mut tx, "group.delete", &id, json!({ "via": "scim" }))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the row, if it has one of these versions, and gives it another.
async fn hold(
    tx: &mut Tx,
    id: &str,
    versions: &Versions,
    now: UnixMillis,
) -> Result<Group, ScimError> {
    for version in versions.tries() {
        let group = fetch_optional!(
            tx,
            Group,
            "UPDATE groups
                SET updated_at = CASE WHEN updated_at >= $3 THEN updated_at + 1 ELSE $3 END
              WHERE id = $1 AND updated_at = COALESCE($2, updated_at)
          RETURNING id, name, external_id, created_at, updated_at",
            id,
            version,
            now
        )?;
        if let Some(group) = group {
            return Ok(group);
        }
    }
    let known = fetch_optional!(tx, (String,), "SELECT id FROM groups WHERE id = $1", id)?;
    match known {
        Some(_) => Err(changed_since()),
        None => Err(ScimError::not_found("group")),
    }
}

async fn write(tx: &mut Tx, group: &Group, wanted: &WantedGroup) -> Result<(), ScimError> {
    let name = (wanted.name.as_str() != group.name).then_some(&wanted.name);
    let differs = wanted.external_id != group.external_id;
    let external_id = differs.then_some(wanted.external_id.as_deref());
    user::change_group(tx, &group.id, name, external_id, group.updated_at)
        .await
        .map_err(Refusal::from)?;
    Ok(())
}

/// Changes who is in the group without looking at those who stay: how many came, and how many were to go.
async fn change_members(
    tx: &mut Tx,
    context: &Context,
    group: &Group,
    change: &Change,
) -> Result<(usize, usize), ScimError> {
    let (id, at) = (group.id.as_str(), group.updated_at);
    if let Some(filter) = &change.filter {
        if change.verb != Verb::Remove || change.has_part() {
            return Err(ScimError::new(
                super::error::ScimType::Mutability,
                "a member is added or removed, and not changed",
            ));
        }
        let chosen = chosen(tx, context, id, filter).await?;
        remove(tx, id, Some(&chosen), at).await?;
        return Ok((0, chosen.len()));
    }
    let named = member_ids(&change.value()?)?;
    match change.verb {
        Verb::Add => {
            add(tx, id, &named, at).await?;
            Ok((named.len(), 0))
        }
        Verb::Replace => {
            remove(tx, id, None, at).await?;
            add(tx, id, &named, at).await?;
            Ok((named.len(), 0))
        }
        // Entra ID names those who are to go in the value.
        Verb::Remove if change.is_valued() => {
            remove(tx, id, Some(&named), at).await?;
            Ok((0, named.len()))
        }
        Verb::Remove => {
            remove(tx, id, None, at).await?;
            Ok((0, 0))
        }
    }
}

/// The members that a filter holds for.
async fn chosen(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    filter: &Resolved,
) -> Result<Vec<String>, ScimError> {
    if let Filter::Compare(target, Operator::Equal, Comparable::Exact(user_id)) = filter
        && target.attribute.name == "value"
    {
        return Ok(vec![user_id.clone()]);
    }
    let members = fetch_all!(
        tx,
        (String,),
        "SELECT user_id FROM group_members WHERE group_id = $1 LIMIT 20001",
        id
    )?;
    if members.len() > MAX_MEMBERS {
        return Err(ScimError::new(
            super::error::ScimType::TooMany,
            format!(
                "the group has more than {MAX_MEMBERS} members; name them as in `members[value eq \"...\"]`"
            ),
        ));
    }
    let holds_for = |user_id: &String| {
        let member = member(user_id, &context.site);
        member
            .as_object()
            .is_some_and(|member| holds(filter, member))
    };
    let ids = members.into_iter().map(|(user_id,)| user_id);
    Ok(ids.filter(holds_for).collect())
}

async fn add(tx: &mut Tx, id: &str, users: &[String], at: UnixMillis) -> Result<(), ScimError> {
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let added = user::add_members(tx, id, &users, at).await;
    Ok(added.map_err(Refusal::from)?)
}

async fn remove(
    tx: &mut Tx,
    id: &str,
    users: Option<&[String]>,
    at: UnixMillis,
) -> Result<(), ScimError> {
    let users: Option<Vec<&str>> = users.map(|users| users.iter().map(String::as_str).collect());
    let removed = user::remove_members(tx, id, users.as_deref(), at).await;
    Ok(removed.map_err(Refusal::from)?)
}
