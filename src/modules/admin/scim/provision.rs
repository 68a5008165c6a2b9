//! Makes and changes accounts as a directory wants them.

use serde_json::{Map, Value, json};

use super::{
    claims,
    directory::{Directory, Versions, changed_since},
    error::{ScimError, ScimType},
    person::{Person, Wanted},
};
use crate::{
    clock::UnixMillis,
    modules::{
        admin::Refusal,
        confirmation,
        password::{self, PasswordError, Who},
        user::{self, AttributeRules, Attributes, Email, NewUser, UserState},
    },
    store::{Tx, execute, fetch_optional},
};
use axum::http::StatusCode;

impl Directory {
    /// Makes an account, and gives its id.
    pub(super) async fn create(&self, wanted: Wanted) -> Result<String, ScimError> {
        let password_hash = self.hash(&wanted).await?;
        let now = self.context.clock.now();
        let claims = claims::changes(&wanted.kept, &Attributes::default());
        let rules = AttributeRules::of(&self.context.snapshot);
        let attributes =
            Attributes::of_new(&Value::Object(claims), &rules).map_err(Refusal::from)?;
        let new = NewUser {
            id: None,
            email: wanted.email.clone(),
            password_hash,
            is_admin: false,
            attributes,
        };
        let mut tx = self.context.store.begin().await?;
        let made = user::create(&mut tx, new, now)
            .await
            .map_err(PasswordError::Create)
            .map_err(Refusal::from)?;
        check_user_name(&mut tx, &made.id, &wanted.user_name).await?;
        keep(&mut tx, &made.id, &wanted).await?;
        if let Some(external_id) = &wanted.external_id {
            user::set_external_id(&mut tx, &made.id, Some(external_id), now)
                .await
                .map_err(Refusal::from)?;
        }
        if wanted.is_active == Some(false) {
            disable(&mut tx, &made.id, now).await?;
        }
        let detail = json!({ "via": "scim", "email": made.email });
        self.administration
            .note(&mut tx, "user.create", &made.id, detail)
            .await?;
        tx.commit().await?;
        Ok(made.id)
    }

    /// Makes an account what a directory wants it to be. `wish` says that of what it is; it may be asked
    /// twice, because a password is hashed before the row is held.
    pub(super) async fn change<W>(
        &self,
        id: &str,
        versions: &Versions,
        wish: W,
    ) -> Result<(), ScimError>
    where
        W: Fn(Map<String, Value>) -> Result<Map<String, Value>, ScimError>,
    {
        let person = fetch_optional!(&self.context.store, Person, PERSON, id)?;
        let person = person.ok_or_else(|| ScimError::not_found("user"))?;
        let wanted = Wanted::of(wish(person.writable())?)?;
        let password_hash = self.hash(&wanted).await?;

        let mut tx = self.context.store.begin().await?;
        let person = hold(&mut tx, id, versions, self.context.clock.now()).await?;
        let wanted = Wanted::of(wish(person.writable())?)?;
        let mut changed = self.write(&mut tx, &person, &wanted).await?;
        if let Some(hash) = password_hash {
            check_not_admin(&person, "password")?;
            user::set_password_hash(&mut tx, id, &hash, None, person.updated_at).await?;
            changed.push("password");
        }
        let detail = json!({ "via": "scim", "changed": changed });
        self.administration
            .note(&mut tx, "user.update", id, detail)
            .await?;
        tx.commit().await?;
        self.context.logout_notices.wake();
        Ok(())
    }

    /// Deletes an account.
    pub(super) async fn delete(&self, id: &str, versions: &Versions) -> Result<(), ScimError> {
        let mut tx = self.context.store.begin().await?;
        let person = hold(&mut tx, id, versions, self.context.clock.now()).await?;
        user::delete(&mut tx, id, person.updated_at).await?;
        let detail = json!({ "via": "scim" });
        self.administration
            .note(&mut tx, "user.delete", id, detail)
            .await?;
        tx.commit().await?;
        self.context.logout_notices.wake();
        Ok(())
    }

    async fn hash(&self, wanted: &Wanted) -> Result<Option<String>, ScimError> {
        let Some(password) = &wanted.password else {
            return Ok(None);
        };
        let who = Who {
            email: Some(wanted.email.as_str()),
            name: wanted.name(),
        };
        let hash = password::choose(&self.context, password.expose(), who).await;
        Ok(Some(hash.map_err(Refusal::from)?))
    }

    /// Writes what differs, and tells its names.
    async fn write(
        &self,
        tx: &mut Tx,
        person: &Person,
        wanted: &Wanted,
    ) -> Result<Vec<&'static str>, ScimError> {
        let (id, at) = (person.id.as_str(), person.updated_at);
        let mut changed = Vec::new();
        if wanted.email.as_str() != person.email {
            check_not_admin(person, "emails")?;
            change_email(tx, id, &wanted.email).await?;
            changed.push("emails");
        }
        if person.user_name.as_ref() != Some(&wanted.user_name) {
            check_user_name(tx, id, &wanted.user_name).await?;
            changed.push("userName");
        }
        keep(tx, id, wanted).await?;
        if wanted.external_id != person.external_id {
            user::set_external_id(tx, id, wanted.external_id.as_deref(), at)
                .await
                .map_err(Refusal::from)?;
            changed.push("externalId");
        }
        let claims = claims::changes(&wanted.kept, &person.attributes);
        if !claims.is_empty() {
            let rules = AttributeRules::of(&self.context.snapshot);
            user::change_attributes(tx, id, &Value::Object(claims), &rules, at)
                .await
                .map_err(Refusal::from)?;
            changed.push("attributes");
        }
        match (wanted.is_active, person.state) {
            (Some(false), UserState::Active) => {
                disable(tx, id, at).await?;
                changed.push("active");
            }
            // What an operator has closed, or has yet to let in, is not for a directory to open.
            (Some(true), UserState::Disabled) if person.disabled_by_directory => {
                user::enable(tx, id, at).await?;
                changed.push("active");
            }
            _ => {}
        }
        Ok(changed)
    }
}

const PERSON: &str =
    "SELECT id, email, user_name, external_id, state, is_admin, attributes, directory,
            disabled_by_directory, created_at, updated_at
       FROM users WHERE id = $1";

/// Takes the row, if it has one of these versions, and gives it another version: later than the one
/// before, even within a millisecond.
async fn hold(
    tx: &mut Tx,
    id: &str,
    versions: &Versions,
    now: UnixMillis,
) -> Result<Person, ScimError> {
    for version in versions.tries() {
        let person = fetch_optional!(
            tx,
            Person,
            "UPDATE users
                SET updated_at = CASE WHEN updated_at >= $3 THEN updated_at + 1 ELSE $3 END
              WHERE id = $1 AND updated_at = COALESCE($2, updated_at)
          RETURNING id, email, user_name, external_id, state, is_admin, attributes, directory,
                    disabled_by_directory, created_at, updated_at",
            id,
            version,
            now
        )?;
        if let Some(person) = person {
            return Ok(person);
        }
    }
    let known = fetch_optional!(tx, (String,), "SELECT id FROM users WHERE id = $1", id)?;
    match known {
        Some(_) => Err(changed_since()),
        None => Err(ScimError::not_found("user")),
    }
}

/// The key of a directory must not become that of an administrator: whoever can set the password or the
/// address of one can be that person.
fn check_not_admin(person: &Person, attribute: &str) -> Result<(), ScimError> {
    if !person.is_admin {
        return Ok(());
    }
    Err(ScimError::plain(
        StatusCode::FORBIDDEN,
        format!(
            "`{attribute}` of an administrator's account is not changed by SCIM; use the admin API with a key that has `users.write`"
        ),
    ))
}

/// Gives the account another address. Nobody has shown that it is the person's, and letters that were sent
/// to the old one are of no use any more.
async fn change_email(tx: &mut Tx, id: &str, email: &Email) -> Result<(), ScimError> {
    let rows = execute!(
        tx,
        "UPDATE users SET email = $2, email_verified = FALSE
          WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users other
                                         WHERE other.email = $2 AND other.id <> $1)",
        id,
        email.as_str()
    )?;
    if rows == 0 {
        return Err(ScimError::new(
            ScimType::Uniqueness,
            "there already is another user with this e-mail address",
        ));
    }
    Ok(confirmation::withdraw_all(tx, id).await?)
}

/// Whom no directory has named is called by the address, so an address counts as a name too.
async fn check_user_name(tx: &mut Tx, id: &str, user_name: &str) -> Result<(), ScimError> {
    let taken = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM users
          WHERE id <> $1 AND (user_name = $2 OR (user_name IS NULL AND email = $2))
          LIMIT 1",
        id,
        user_name
    )?;
    match taken {
        None => Ok(()),
        Some(_) => Err(ScimError::new(
            ScimType::Uniqueness,
            "there already is another user with this `userName`",
        )),
    }
}

async fn keep(tx: &mut Tx, id: &str, wanted: &Wanted) -> Result<(), ScimError> {
    execute!(
        tx,
        "UPDATE users SET user_name = $2, directory = $3 WHERE id = $1",
        id,
        wanted.user_name.as_str(),
        Value::Object(wanted.kept.clone()).to_string()
    )?;
    Ok(())
}

async fn disable(tx: &mut Tx, id: &str, at: UnixMillis) -> Result<(), ScimError> {
    user::disable(tx, id, at).await?;
    execute!(
        tx,
        "UPDATE users SET disabled_by_directory = TRUE WHERE id = $1",
        id
    )?;
    Ok(())
}
