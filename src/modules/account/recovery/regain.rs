//! Somebody who has the letter gets back in.

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use serde_json::json;

use super::Means;
use crate::{
    clock::UnixMillis,
    crypto::password::PasswordError as HashingError,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        confirmation::{self, Confirmation},
        mail::{self, Letter, Recipient},
        pages::{Link, Look, Trouble},
        parameters::Parameters,
        passkey,
        password::{self, PasswordError, Who},
        session::{ReturnTo, with_return_to},
        sign_in::{self, Arrival, LOGIN_PATH},
        user,
    },
    store::Tx,
};

/// Said of a session that begins with a letter (`amr`). It is no name of RFC 8176, and reaches nothing.
const BY_LETTER: &str = "email";

/// Why a password was not taken.
pub(super) struct Refused {
    status: StatusCode,
    notice: String,
}

impl Refused {
    pub(super) fn shown(&self, page: impl Fn(StatusCode, &str) -> Response) -> Response {
        let mut page = page(self.status, &self.notice);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            page.headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        page
    }
}

/// The hash of the new password, if there are passwords, or why it is not taken.
pub(super) async fn chosen(
    context: &Context,
    means: Means,
    form: &Parameters,
    email: Option<&str>,
    look: &Look,
) -> Result<Result<Option<String>, Refused>, Problem> {
    if means == Means::Passkey {
        return Ok(Ok(None));
    }
    let who = Who { email, name: None };
    match password::choose(context, form.get("password").unwrap_or_default(), who).await {
        Ok(hash) => Ok(Ok(Some(hash))),
        Err(PasswordError::Refused(refused)) => Ok(Err(Refused {
            status: StatusCode::BAD_REQUEST,
            notice: refused.told(look.language),
        })),
        Err(PasswordError::Hashing(HashingError::Busy(_))) => Ok(Err(Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            notice: look.language.login.busy.to_owned(),
        })),
        Err(other) => Err(Problem::internal(&other)),
    }
}

/// Somebody whose letter was taken.
pub(super) struct Regaining<'a> {
    pub(super) context: &'a Context,
    pub(super) arrival: &'a Arrival,
    pub(super) look: &'a Look,
    pub(super) confirmed: &'a Confirmation,
}

impl Regaining<'_> {
    /// Ends everything that was begun before, and sets the password (`hash`) or lets the person in. Whoever
    /// had the letter has shown that the address is theirs.
    pub(super) async fn finish(
        &self,
        mut tx: Tx,
        hash: Option<&str>,
        now: UnixMillis,
    ) -> Result<Response, Problem> {
        let (id, email) = (&self.confirmed.user_id, &self.confirmed.email);
        if let Some(hash) = hash {
            user::set_password_hash(&mut tx, id, hash, None, now).await?;
            let to = Recipient {
                user_id: Some(id),
                email,
                language: self.look.language,
            };
            mail::queue(&mut tx, self.context, &to, Letter::PasswordChanged, now).await?;
        } else {
            user::end_all(&mut tx, id, None, now).await?;
            confirmation::withdraw_all(&mut tx, id).await?;
        }
        user::verify_email(&mut tx, id, email, now).await?;
        let person = format!("user:{id}");
        let event = AuditEvent {
            actor: &person,
            action: "user.recover",
            subject: Some(&person),
            detail: json!({ "means": if hash.is_some() { "password" } else { "passkey" } }),
            ip: self.arrival.address.text(),
        };
        audit::record(&mut tx, event, now).await?;
        tx.commit().await?;
        self.context.mails.wake();
        self.context.logout_notices.wake();
        match hash {
            Some(_) => Ok(self.sign_in_now()),
            None => self.let_in().await,
        }
    }

    fn sign_in_now(&self) -> Response {
        let texts = &self.look.language.recovery;
        let place = ReturnTo::wished(&self.context.site, Some(&self.confirmed.return_to));
        Trouble {
            look: self.look,
            title: texts.done,
            message: texts.done_message,
            detail: None,
            link: Some(Link {
                href: &with_return_to(LOGIN_PATH, place.as_str()),
                text: self.look.language.login.submit,
            }),
        }
        .show(StatusCode::OK)
    }

    /// On to where passkeys are made, by way of the second factor if there is one.
    async fn let_in(&self) -> Result<Response, Problem> {
        let user = user::by_id(&self.context.store, &self.confirmed.user_id).await?;
        let user = user.ok_or_else(Problem::not_found)?;
        let place = ReturnTo::wished(&self.context.site, Some(passkey::PAGE_PATH));
        sign_in::finish(self.context, self.arrival, &user, &[BY_LETTER], &place).await
    }
}
