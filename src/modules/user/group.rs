use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{attributes::search_key, external_id::is_external_id};
use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{StoreError, Tx, bulk, execute, fetch_all, fetch_optional},
};

/// Characters of a group's name.
const MAX_NAME: usize = 200;

/// People with something in common: a row of `groups`.
#[derive(Clone, Debug, Deserialize, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Made once, never given to another.
    pub id: String,
    /// What the claim `groups` says.
    pub name: String,
    /// By which id another system knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it, or who is in it, was changed last.
    pub updated_at: UnixMillis,
}

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName(String);

/// The text cannot be a group's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a group's name has 1 to {MAX_NAME} characters, none of them a control character or a blank at an end"
)]
pub struct NotAGroupName;

impl GroupName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared with the names of others.
    pub fn key(&self) -> String {
        search_key(&self.0)
    }
}

impl FromStr for GroupName {
    type Err = NotAGroupName;

    fn from_str(text: &str) -> Result<Self, NotAGroupName> {
        let is_fine = !text.is_empty()
            && text.trim() == text
            && text.chars().count() <= MAX_NAME
            && !text.contains(char::is_control);
        if is_fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAGroupName)
        }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a group is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The name.
    #[error(transparent)]
    Name(#[from] NotAGroupName),
    /// The external id.
    #[error(
        "an external id has 1 to 255 characters, none of them a control character or a blank at an end"
    )]
    ExternalId,
    /// Another has the name, but for upper and lower case, or the external id.
    #[error("there already is a group with this {0}")]
    Taken(&'static str),
    /// There is no such group.
    #[error("there is no such group")]
    Unknown,
    /// There is no such person.
    #[error("there is no user with the id {0}")]
    UnknownMember(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a group of nobody.
pub async fn make_group(
    tx: &mut Tx,
    name: &GroupName,
    external_id: Option<&str>,
    now: UnixMillis,
) -> Result<Group, GroupError> {
    check_external_id(tx, "", external_id).await?;
    let id = token::uuid_v7(now).map_err(StoreError::from)?.to_string();
    let rows = execute!(
        tx,
        "INSERT INTO groups (id, name, name_key, external_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (name_key) DO NOTHING",
        &id,
        name.as_str(),
        name.key(),
        external_id,
        now
    )?;
    if rows == 0 {
        return Err(GroupError::Taken("name"));
    }
    Ok(Group {
        id,
        name: name.to_string(),
        external_id: external_id.map(str::to_owned),
        created_at: now,
        updated_at: now,
    })
}

/// Gives the group another name, or another external id; what is `None` stays.
pub async fn change_group(
    tx: &mut Tx,
    id: &str,
    name: Option<&GroupName>,
    external_id: Option<Option<&str>>,
    now: UnixMillis,
) -> Result<(), GroupError> {
    touch(tx, id, now).await?;
    if let Some(name) = name {
        let taken = fetch_optional!(
            tx,
            (String,),
            "SELECT id FROM groups WHERE name_key = $1 AND id <> $2",
            name.key(),
            id
        )?;
        if taken.is_some() {
            return Err(GroupError::Taken("name"));
        }
        execute!(
            tx,
            "UPDATE groups SET name = $2, name_key = $3 WHERE id = $1",
            id,
            name.as_str(),
            name.key()
        )?;
    }
    if let Some(external_id) = external_id {
        check_external_id(tx, id, external_id).await?;
        execute!(
            tx,
            "UPDATE groups SET external_id = $2 WHERE id = $1",
            id,
            external_id
        )?;
    }
    Ok(())
}

/// Forgets the group; the people in it stay. `false` if there is no such group.
pub async fn delete_group(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM groups WHERE id = $1", id)? == 1)
}

/// Takes people into the group. Whoever is in it stays.
pub async fn add_members(
    tx: &mut Tx,
    id: &str,
    user_ids: &[&str],
    now: UnixMillis,
) -> Result<(), GroupError> {
    touch(tx, id, now).await?;
    let known: Vec<(String,)> = bulk::fetch_all(
        tx,
        ["id"],
        "SELECT u.id FROM users u JOIN batch b ON b.id = u.id",
        user_ids.iter().map(|id| [(*id).into()]),
    )
    .await?;
    let known: HashSet<String> = known.into_iter().map(|(id,)| id).collect();
    if let Some(unknown) = user_ids.iter().find(|id| !known.contains(**id)) {
        return Err(GroupError::UnknownMember((*unknown).to_owned()));
    }
    bulk::execute(
        tx,
        ["group_id", "user_id", "created_at"],
        "INSERT INTO group_members (group_id, user_id, created_at)
         SELECT group_id, user_id, created_at FROM batch WHERE TRUE ON CONFLICT DO NOTHING",
        user_ids
            .iter()
            .map(|user_id| [id.into(), (*user_id).into(), now.into()]),
    )
    .await?;
    Ok(())
}

/// Takes people out of the group: these, or all.
pub async fn remove_members(
    tx: &mut Tx,
    id: &str,
    user_ids: Option<&[&str]>,
    now: UnixMillis,
) -> Result<(), GroupError> {
    touch(tx, id, now).await?;
    let Some(user_ids) = user_ids else {
        execute!(tx, "DELETE FROM group_members WHERE group_id = $1", id)?;
        return Ok(());
    };
    bulk::execute(
        tx,
        ["group_id", "user_id"],
        "DELETE FROM group_members WHERE (group_id, user_id) IN (SELECT group_id, user_id FROM batch)",
        user_ids
            .iter()
            .map(|user_id| [id.into(), (*user_id).into()]),
    )
    .await?;
    Ok(())
}

/// A write, so that of two changes at once the second sees what the first has made.
async fn touch(tx: &mut Tx, id: &str, now: UnixMillis) -> Result<(), GroupError> {
    let rows = execute!(
        tx,
        "UPDATE groups SET updated_at = $2 WHERE id = $1",
        id,
        now
    )?;
    match rows {
        0 => Err(GroupError::Unknown),
        _ => Ok(()),
    }
}

async fn check_external_id(
    tx: &mut Tx,
    id: &str,
    external_id: Option<&str>,
) -> Result<(), GroupError> {
    if external_id.is_some_and(|id| !is_external_id(id)) {
        return Err(GroupError::ExternalId);
    }
    let taken = fetch_all!(
        tx,
        (String,),
        "SELECT id FROM groups WHERE external_id = $1 AND id <> $2",
        external_id,
        id
    )?;
    if taken.is_empty() {
        Ok(())
    } else {
        Err(GroupError::Taken("external id"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_compared_without_case() {
        for text in ["", " a", "a ", "a\nb", &"a".repeat(MAX_NAME + 1)] {
            assert_eq!(text.parse::<GroupName>(), Err(NotAGroupName), "{text}");
        }
        let name = "R&D Ärzte".parse::<GroupName>().unwrap();
        assert_eq!(name.to_string(), "R&D Ärzte");
        assert_eq!(name.key(), "r&d ärzte");
    }
}
