//! A group as a directory sees it, and what it wants of it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    error::{ScimError, ScimType},
    list::{Listed, check_related},
    person::{location, meta},
    schema::{GROUP, GROUP_SCHEMA, ResourceType, USER},
};
use crate::{
    modules::{
        Context, Site,
        user::{Group, GroupName},
    },
    store::bulk,
};

/// What a directory wants of a group, but who is in it.
pub(super) struct WantedGroup {
    pub(super) name: GroupName,
    pub(super) external_id: Option<String>,
}

impl WantedGroup {
    /// What a resource says.
    pub(super) fn of(resource: &Map<String, Value>) -> Result<Self, ScimError> {
        let text = |name: &str| resource.get(name).and_then(Value::as_str);
        let name = text("displayName")
            .ok_or_else(|| ScimError::new(ScimType::InvalidValue, "`displayName` is required"))?;
        let name = name
            .parse()
            .map_err(|error: crate::modules::user::NotAGroupName| {
                ScimError::new(ScimType::InvalidValue, error.to_string())
            })?;
        Ok(Self {
            name,
            external_id: text("externalId").map(str::to_owned),
        })
    }
}

/// What a directory can change, but who is in it.
pub(super) fn writable(group: &Group) -> Map<String, Value> {
    let mut resource = Map::new();
    resource.insert("displayName".into(), group.name.as_str().into());
    if let Some(external_id) = &group.external_id {
        resource.insert("externalId".into(), external_id.as_str().into());
    }
    resource
}

/// The ids of members that were sent, each once.
pub(super) fn member_ids(members: &Value) -> Result<Vec<String>, ScimError> {
    let members = match members {
        Value::Array(members) => members.as_slice(),
        Value::Null => &[],
        member => std::slice::from_ref(member),
    };
    let mut ids: Vec<String> = Vec::with_capacity(members.len());
    for member in members {
        let kind = member["type"].as_str();
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
            return Err(wrong(
                "only users are members; a group within a group is not supported",
            ));
        }
        let id = member["value"].as_str();
        ids.push(
            id.ok_or_else(|| wrong("a member has the id of a user in `value`"))?
                .to_owned(),
        );
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Somebody in a group, as a directory is told.
pub(super) fn member(user_id: &str, site: &Site) -> Value {
    json!({ "value": user_id, "$ref": location(&USER, user_id, site), "type": "User" })
}

fn resource(group: &Group, members: Vec<Value>, site: &Site) -> Map<String, Value> {
    let mut resource = Map::new();
    resource.insert("schemas".into(), json!([GROUP_SCHEMA]));
    resource.insert("id".into(), group.id.as_str().into());
    resource.append(&mut writable(group));
    if !members.is_empty() {
        resource.insert("members".into(), members.into());
    }
    let meta = meta(&GROUP, &group.id, group.created_at, group.updated_at, site);
    resource.insert("meta".into(), meta);
    resource
}

impl Listed for Group {
    const TYPE: &'static ResourceType = &GROUP;
    const NOUN: &'static str = "group";
    const SELECT: &'static str =
        "SELECT id, name, external_id, created_at, updated_at FROM groups WHERE ";
    const COUNT: &'static str = "SELECT COUNT(*) FROM groups WHERE ";
    const RELATED: &'static str = "members";

    async fn resources(
        context: &Context,
        rows: &[Self],
        with_related: bool,
    ) -> Result<Vec<Map<String, Value>>, ScimError> {
        let mut members: HashMap<String, Vec<Value>> = HashMap::new();
        if with_related && !rows.is_empty() {
            let mut tx = context.store.begin_read().await?;
            let memberships: Vec<(String, String)> = bulk::fetch_all(
                &mut tx,
                ["id"],
                "SELECT m.group_id, m.user_id
                   FROM group_members m
                   JOIN batch b ON b.id = m.group_id
                  ORDER BY m.group_id, m.user_id
                  LIMIT 20001", // One more than there may be.
                rows.iter().map(|row| [row.id.as_str().into()]),
            )
            .await?;
            check_related(memberships.len())?;
            for (group_id, user_id) in memberships {
                let members = members.entry(group_id).or_default();
                members.push(member(&user_id, &context.site));
            }
        }
        let resource = |row: &Self| {
            let members = members.remove(&row.id).unwrap_or_default();
            resource(row, members, &context.site)
        };
        Ok(rows.iter().map(resource).collect())
    }
}

fn wrong(detail: &str) -> ScimError {
    ScimError::new(ScimType::InvalidValue, detail)
}
