//! People: list, make, change, delete.

use assay_reconciler::{
    kind::Kind,
    object::Spec,
    spec::{ModuleSettings, module::PasswordSettings},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
    json::Json,
    search,
};
use crate::{
    clock::UnixMillis,
    crypto::Secret,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        password::{self, PasswordError, Who},
        user::{
            self, AttributeRules, Attributes, ChangeAttributesError, CreateUserError,
            ExternalIdError, NewUser,
        },
    },
    store::{Tx, execute, fetch_optional},
};

/// Somebody to be known here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateUser {
    /// The address that identifies the account.
    pub email: String,
    /// Without one, the person needs another way in.
    #[serde(default)]
    pub password: Option<Secret<String>>,
    /// Whether the person may use the admin console.
    #[serde(default)]
    pub is_admin: bool,
    /// By which id another system knows the person.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What is known about the person: an object of OpenID Connect standard claims and others.
    #[serde(default)]
    pub attributes: Value,
}

/// What is to be changed about somebody; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateUser {
    /// `active`, or `disabled`, which ends all sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<NewState>,
    /// Whether the person may use the admin console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// By which id another system knows the person; by none, if `null`.
    #[serde(
        default,
        deserialize_with = "sent",
        skip_serializing_if = "Option::is_none"
    )]
    pub external_id: Option<Value>,
    /// A change to what is known about the person (RFC 7396): what is `null` goes.
    #[serde(default, deserialize_with = "sent", skip_serializing)]
    pub attributes: Option<Value>,
}

/// `null` is a change, and not left out.
pub(super) fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Whether the account may be used from now on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NewState {
    /// It may.
    Active,
    /// It may not.
    Disabled,
}

/// Another password for somebody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPassword {
    password: Secret<String>,
}

/// Somebody, without anything secret.
#[derive(Clone, Debug, Deserialize, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Made once, never given to anybody else.
    pub id: String,
    /// In its normal form.
    pub email: String,
    /// What a directory calls the person, if not by the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// By which id another system knows the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// `active`, `disabled` or `pending`.
    pub state: String,
    /// Whether the person may use the admin console.
    pub is_admin: bool,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// What is known about the person, as `name` or `locale`.
    #[serde(default)]
    #[sqlx(try_from = "String")]
    pub attributes: Attributes,
    /// When the account was made.
    pub created_at: UnixMillis,
    /// When it was changed last.
    pub updated_at: UnixMillis,
}

impl Administration {
    /// Makes an account.
    pub async fn create_user(&self, request: &CreateUser) -> Result<Person, Refusal> {
        let email = request.email.parse().map_err(PasswordError::Email)?;
        let password_hash = match &request.password {
            None => None,
            Some(password) => {
                let who = Who {
                    email: Some(&request.email),
                    name: request.attributes.get("name").and_then(Value::as_str),
                };
                Some(self.hash(password, who).await?)
            }
        };
        let new = NewUser {
            id: None,
            email,
            password_hash,
            is_admin: request.is_admin,
            attributes: Attributes::of_new(&request.attributes, &self.attribute_rules().await?)?,
        };
        let has_attributes = new.attributes != Attributes::default();
        let mut tx = self.store.begin().await?;
        let user = user::create(&mut tx, new, self.clock.now())
            .await
            .map_err(PasswordError::Create)?;
        if let Some(external_id) = &request.external_id {
            user::set_external_id(&mut tx, &user.id, Some(external_id), self.clock.now()).await?;
        }
        let mut detail = json!({ "email": user.email, "isAdmin": user.is_admin });
        if has_attributes {
            detail["attributes"] = names(&request.attributes);
        }
        self.note(&mut tx, "user.create", &user.id, detail).await?;
        tx.commit().await?;
        self.user(&user.id).await
    }

    /// Somebody.
    pub async fn user(&self, id: &str) -> Result<Person, Refusal> {
        fetch_optional!(
            &self.store,
            Person,
            "SELECT id, email, user_name, external_id, email_verified, state, is_admin,
                    password_hash IS NOT NULL AS has_password, attributes, created_at, updated_at
               FROM users WHERE id = $1",
            id
        )?
        .ok_or(Refusal::UnknownUser)
    }

    /// Changes somebody's account. One that is disabled has no session any more.
    pub async fn update_user(&self, id: &str, request: &UpdateUser) -> Result<Person, Refusal> {
        let now = self.clock.now();
        let rules = self.attribute_rules().await?;
        let mut tx = self.store.begin().await?;
        let mut is_known = true;
        match request.state {
            Some(NewState::Active) => is_known &= user::enable(&mut tx, id, now).await?,
            Some(NewState::Disabled) => is_known &= user::disable(&mut tx, id, now).await?,
            None => {}
        }
        if let Some(is_admin) = request.is_admin {
            let rows = execute!(
                &mut tx,
                "UPDATE users SET is_admin = $2, updated_at = $3 WHERE id = $1",
                id,
                is_admin,
                now
            )?;
            is_known &= rows == 1;
        }
        if let Some(external_id) = request.external_id.as_ref().filter(|_| is_known) {
            let external_id = match external_id {
                Value::Null => None,
                Value::String(text) => Some(text.as_str()),
                _ => return Err(ExternalIdError::Malformed.into()),
            };
            user::set_external_id(&mut tx, id, external_id, now).await?;
        }
        if let Some(patch) = request.attributes.as_ref().filter(|_| is_known) {
            user::change_attributes(&mut tx, id, patch, &rules, now).await?;
        }
        if !is_known {
            tx.rollback().await?;
            return Err(Refusal::UnknownUser);
        }
        let mut detail = json!(request);
        if let Some(patch) = &request.attributes {
            detail["attributes"] = names(patch);
        }
        self.note(&mut tx, "user.update", id, detail).await?;
        tx.commit().await?;
        self.user(id).await
    }

    /// Deletes somebody's account, and with it sessions, consents and what was granted.
    pub async fn delete_user(&self, id: &str) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        if !user::delete(&mut tx, id, self.clock.now()).await? {
            tx.rollback().await?;
            return Err(Refusal::UnknownUser);
        }
        self.note(&mut tx, "user.delete", id, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// Gives somebody another password. Whoever knew the old one is out.
    pub async fn set_user_password(
        &self,
        id: &str,
        password: &Secret<String>,
    ) -> Result<(), Refusal> {
        let person = self.user(id).await?;
        let attributes = json!(person.attributes);
        let who = Who {
            email: Some(&person.email),
            name: attributes["name"].as_str(),
        };
        let hash = self.hash(password, who).await?;
        let mut tx = self.store.begin().await?;
        if !user::set_password_hash(&mut tx, id, &hash, None, self.clock.now()).await? {
            tx.rollback().await?;
            return Err(Refusal::UnknownUser);
        }
        self.note(&mut tx, "user.set_password", id, json!({}))
            .await?;
        Ok(tx.commit().await?)
    }

    async fn hash(&self, password: &Secret<String>, who: Who<'_>) -> Result<String, Refusal> {
        let settings = self.password_settings().await?;
        Ok(password::chosen(&self.passwords, &settings, password.expose(), who).await?)
    }

    /// What attributes must be in the newest generation.
    pub(super) async fn attribute_rules(&self) -> Result<AttributeRules, Refusal> {
        let modules = self.engine.objects_of(Kind::Module).await?;
        let rules = modules
            .into_iter()
            .find_map(|(object, _)| match object.spec {
                Spec::Module(spec) => match spec.settings {
                    ModuleSettings::Account(settings) => {
                        Some(AttributeRules::of_settings(&settings))
                    }
                    _ => None,
                },
                _ => None,
            });
        Ok(rules.unwrap_or_default())
    }

    async fn password_settings(&self) -> Result<PasswordSettings, Refusal> {
        let modules = self.engine.objects_of(Kind::Module).await?;
        let settings = modules
            .into_iter()
            .find_map(|(object, _)| match object.spec {
                Spec::Module(spec) => match spec.settings {
                    ModuleSettings::Password(settings) => Some(settings),
                    _ => None,
                },
                _ => None,
            });
        Ok(settings.unwrap_or_default())
    }

    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        action: &'static str,
        id: &str,
        detail: serde_json::Value,
    ) -> Result<(), Refusal> {
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action,
            subject: Some(&format!("user:{id}")),
            detail,
            ip: None,
        };
        Ok(audit::record(tx, event, self.clock.now()).await?)
    }
}

/// Which attributes were changed, for the audit log: never to what.
fn names(attributes: &Value) -> Value {
    let names = attributes
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys());
    names.map(String::as_str).collect()
}

impl From<ChangeAttributesError> for Refusal {
    fn from(error: ChangeAttributesError) -> Self {
        match error {
            ChangeAttributesError::Unknown => Self::UnknownUser,
            ChangeAttributesError::Refused(refused) => Self::Attributes(refused),
            ChangeAttributesError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ExternalIdError> for Refusal {
    fn from(error: ExternalIdError) -> Self {
        match error {
            ExternalIdError::Unknown => Self::UnknownUser,
            ExternalIdError::Store(error) => Self::Store(error),
            other => Self::ExternalId(other),
        }
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Unknown => Self::UnknownUser,
            PasswordError::Store(error) | PasswordError::Create(CreateUserError::Store(error)) => {
                Self::Store(error)
            }
            other => Self::Password(other),
        }
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/users", get(search::list).post(create))
        .route(
            "/auth/admin/auth/users/{id}",
            get(one).patch(update).delete(delete),
        )
        .route("/auth/admin/auth/users/{id}/password", put(set_password))
}

async fn create(
    permitted: Permitted<UsersWrite>,
    Json(request): Json<CreateUser>,
) -> Result<(StatusCode, axum::Json<Person>), Problem> {
    let person = permitted.administration.create_user(&request).await?;
    Ok((StatusCode::CREATED, axum::Json(person)))
}

async fn one(
    permitted: Permitted<UsersRead>,
    Path(id): Path<String>,
) -> Result<axum::Json<Person>, Problem> {
    Ok(axum::Json(permitted.administration.user(&id).await?))
}

async fn update(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
    Json(request): Json<UpdateUser>,
) -> Result<axum::Json<Person>, Problem> {
    let person = permitted.administration.update_user(&id, &request).await?;
    context.logout_notices.wake();
    Ok(axum::Json(person))
}

async fn delete(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.delete_user(&id).await?;
    context.logout_notices.wake();
    Ok(StatusCode::NO_CONTENT)
}

async fn set_password(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
    Json(request): Json<SetPassword>,
) -> Result<StatusCode, Problem> {
    let administration = permitted.administration;
    administration
        .set_user_password(&id, &request.password)
        .await?;
    context.logout_notices.wake();
    Ok(StatusCode::NO_CONTENT)
}
