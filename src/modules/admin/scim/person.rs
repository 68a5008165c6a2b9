//! A person as a directory sees them, and what it wants of them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    claims,
    directory::version,
    document::lead,
    error::{ScimError, ScimType},
    limits::{MAX_KEPT, MAX_USER_NAME},
    list::{Listed, check_related},
    schema::{ENTERPRISE_SCHEMA, GROUP, ResourceType, USER, USER_SCHEMA},
};
use crate::{
    clock::UnixMillis,
    crypto::Secret,
    modules::{
        Context, Site,
        user::{Attributes, Email, UserState, search_key},
    },
    store::bulk,
};

/// A row of `users`.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) user_name: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) state: UserState,
    pub(super) is_admin: bool,
    #[sqlx(try_from = "String")]
    pub(super) attributes: Attributes,
    pub(super) directory: Option<String>,
    pub(super) disabled_by_directory: bool,
    created_at: UnixMillis,
    pub(super) updated_at: UnixMillis,
}

/// What a directory wants of a person.
pub(super) struct Wanted {
    /// What no two have, in the form in which it is compared.
    pub(super) user_name: String,
    pub(super) email: Email,
    pub(super) external_id: Option<String>,
    /// As it is, if nothing is said.
    pub(super) is_active: Option<bool>,
    pub(super) password: Option<Secret<String>>,
    /// All of it but the password.
    pub(super) kept: Map<String, Value>,
}

impl Person {
    /// What a directory can change.
    pub(super) fn writable(&self) -> Map<String, Value> {
        let kept = self.directory.as_deref();
        let mut resource: Map<String, Value> = kept
            .and_then(|kept| serde_json::from_str(kept).ok())
            .unwrap_or_default();
        claims::bring_up(&mut resource, &self.attributes);
        self.bring_up_email(&mut resource);
        let said = resource.get("userName").and_then(Value::as_str);
        let user_name = self.user_name.as_deref().unwrap_or(&self.email);
        if said.map(search_key).as_deref() != Some(user_name) {
            resource.insert("userName".into(), user_name.into());
        }
        if let Some(external_id) = &self.external_id {
            resource.insert("externalId".into(), external_id.as_str().into());
        }
        let is_active = self.state == UserState::Active;
        resource.insert("active".into(), is_active.into());
        resource
    }

    /// Another address may have come since from the account's owner.
    fn bring_up_email(&self, resource: &mut Map<String, Value>) {
        let mut email = match resource.get_mut("emails") {
            Some(Value::Array(emails)) if !emails.is_empty() => emails.swap_remove(0),
            _ => json!({ "type": "work", "primary": true }),
        };
        let said = email["value"].as_str().map(str::parse::<Email>);
        let is_same = matches!(said, Some(Ok(said)) if said.as_str() == self.email);
        if !is_same {
            email["value"] = self.email.as_str().into();
        }
        resource.insert("emails".into(), vec![email].into());
    }

    /// All that a directory is told.
    fn resource(&self, groups: Vec<Value>, site: &Site) -> Map<String, Value> {
        let mut rest = self.writable();
        let mut schemas = vec![USER_SCHEMA];
        if rest.contains_key(ENTERPRISE_SCHEMA) {
            schemas.push(ENTERPRISE_SCHEMA);
        }
        let mut resource = Map::new();
        resource.insert("schemas".into(), schemas.into());
        resource.insert("id".into(), self.id.as_str().into());
        if let Some(external_id) = rest.shift_remove("externalId") {
            resource.insert("externalId".into(), external_id);
        }
        resource.append(&mut rest);
        if !groups.is_empty() {
            resource.insert("groups".into(), groups.into());
        }
        let meta = meta(&USER, &self.id, self.created_at, self.updated_at, site);
        resource.insert("meta".into(), meta);
        resource
    }
}

/// About a resource (RFC 7643 3.1).
pub(super) fn meta(
    resource: &ResourceType,
    id: &str,
    created_at: UnixMillis,
    updated_at: UnixMillis,
    site: &Site,
) -> Value {
    json!({
        "resourceType": resource.name,
        "created": created_at.to_string(),
        "lastModified": updated_at.to_string(),
        "location": location(resource, id, site),
        "version": version(updated_at),
    })
}

/// Where a resource is.
pub(super) fn location(resource: &ResourceType, id: &str, site: &Site) -> String {
    site.url(&format!("{}{}/{id}", super::PATH, resource.endpoint))
}

#[derive(sqlx::FromRow)]
struct Membership {
    user_id: String,
    id: String,
    name: String,
}

impl Listed for Person {
    const TYPE: &'static ResourceType = &USER;
    const NOUN: &'static str = "user";
    const SELECT: &'static str =
        "SELECT id, email, user_name, external_id, state, is_admin, attributes, directory,
                disabled_by_directory, created_at, updated_at
           FROM users WHERE ";
    const COUNT: &'static str = "SELECT COUNT(*) FROM users WHERE ";
    const RELATED: &'static str = "groups";

    async fn resources(
        context: &Context,
        rows: &[Self],
        with_related: bool,
    ) -> Result<Vec<Map<String, Value>>, ScimError> {
        let mut groups: HashMap<String, Vec<Value>> = HashMap::new();
        if with_related && !rows.is_empty() {
            let mut tx = context.store.begin_read().await?;
            let memberships: Vec<Membership> = bulk::fetch_all(
                &mut tx,
                ["id"],
                "SELECT m.user_id, g.id, g.name
                   FROM group_members m
                   JOIN batch b ON b.id = m.user_id
                   JOIN groups g ON g.id = m.group_id
                  ORDER BY g.name_key
                  LIMIT 20001", // One more than there may be.
                rows.iter().map(|row| [row.id.as_str().into()]),
            )
            .await?;
            check_related(memberships.len())?;
            for group in memberships {
                groups.entry(group.user_id).or_default().push(json!({
                    "value": group.id,
                    "$ref": location(&GROUP, &group.id, &context.site),
                    "display": group.name,
                    "type": "direct",
                }));
            }
        }
        let resource = |row: &Self| {
            let groups = groups.remove(&row.id).unwrap_or_default();
            row.resource(groups, &context.site)
        };
        Ok(rows.iter().map(resource).collect())
    }
}

impl Wanted {
    /// What a resource says that was read from what was sent.
    pub(super) fn of(mut resource: Map<String, Value>) -> Result<Self, ScimError> {
        let said = resource.get("userName").and_then(Value::as_str);
        let said = said.ok_or_else(|| wrong("`userName` is required"))?;
        let user_name = search_key(said);
        let length = user_name.chars().count();
        if length == 0 || length > MAX_USER_NAME || user_name.contains(char::is_control) {
            return Err(wrong(format!(
                "`userName` has 1 to {MAX_USER_NAME} characters, none of them a control character"
            )));
        }
        let email = email_of(&mut resource)?;
        let email: Email = match email {
            Some(email) => email.parse().map_err(|_| wrong(NO_ADDRESS))?,
            None => user_name.parse().map_err(|_| wrong(NO_ADDRESS))?,
        };
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        let password = resource.shift_remove("password").and_then(text);
        let external_id = resource.shift_remove("externalId").and_then(text);
        let is_active = resource.shift_remove("active");
        if Value::Object(resource.clone()).to_string().len() > MAX_KEPT {
            return Err(wrong(format!(
                "a person may have {MAX_KEPT} bytes of JSON at most"
            )));
        }
        Ok(Self {
            user_name,
            email,
            external_id,
            is_active: is_active.and_then(|value| value.as_bool()),
            password: password.map(Secret::new),
            kept: resource,
        })
    }

    /// The full name, for the policy of passwords.
    pub(super) fn name(&self) -> Option<&str> {
        self.kept.get("displayName").and_then(Value::as_str)
    }
}

const NO_ADDRESS: &str =
    "`emails` has one address like ada@example.com, unless `userName` is an address";

/// The one address that an account has; others are not kept.
fn email_of(resource: &mut Map<String, Value>) -> Result<Option<String>, ScimError> {
    let Some(Value::Array(emails)) = resource.get_mut("emails") else {
        return Ok(None);
    };
    let Some(index) = lead(emails) else {
        return Ok(None);
    };
    let email = emails.swap_remove(index);
    let address = email["value"].as_str().map(str::to_owned);
    *emails = vec![email];
    address.map(Some).ok_or_else(|| wrong(NO_ADDRESS))
}

fn wrong(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidValue, detail)
}
