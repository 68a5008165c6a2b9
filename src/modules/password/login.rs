//! `POST /auth/login`: sign-in with e-mail address and password.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use serde_json::json;

use super::{Password, cost};
use crate::{
    crypto::{
        Secret,
        password::{PasswordError, Verdict},
    },
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        form::StrictForm,
        pages::Reader,
        session::{
            ClientAddress, ReturnTo,
            csrf::{self, Bound},
        },
        sign_in::{self, Arrival, SignInPage},
        user::{self, Email, User, UserState},
    },
    store::{StoreError, execute},
};

/// `POST /auth/login`
pub(super) async fn submit(
    State(context): State<Context>,
    reader: Reader,
    arrival: Arrival,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let place = ReturnTo::wished(&context.site, form.get("return_to"));
    let entered = form.get("email").unwrap_or_default();
    let page = SignInPage::new(&context, &arrival.browser, &reader, &place, None);
    let texts = page.texts();
    let again = |status, notice| page.show(status, entered, Some(notice));

    // A foreign form could sign the person in as somebody else (login CSRF).
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        return again(StatusCode::FORBIDDEN, texts.stale);
    }
    let Some(password) = form.get("password") else {
        return again(StatusCode::BAD_REQUEST, texts.incomplete);
    };
    let outcome = match check(&context, entered, password).await {
        Err(CheckError::Busy) => {
            let mut page = again(StatusCode::SERVICE_UNAVAILABLE, texts.busy)?;
            page.headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("2"));
            return Ok(page);
        }
        Err(CheckError::Failed(problem)) => return Err(problem),
        Ok(outcome) => outcome,
    };
    let Some(user) = outcome else {
        record_failure(&context, entered, &arrival.address).await?;
        return again(StatusCode::UNAUTHORIZED, texts.wrong);
    };
    sign_in::finish(&context, &arrival, &user, &["pwd"], &place).await
}

enum CheckError {
    Busy,
    Failed(Problem),
}

impl From<StoreError> for CheckError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PasswordError> for CheckError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy(_) => Self::Busy,
            other => Self::Failed(Problem::internal(&other)),
        }
    }
}

/// Who it is, or `None`. One hash is computed in any case, so that neither the answer nor its time
/// tells whether there is such an account.
async fn check(context: &Context, email: &str, password: &str) -> Result<Option<User>, CheckError> {
    let user = match email.parse::<Email>() {
        Ok(email) => user::by_email(&context.store, &email).await?,
        Err(_) => None,
    };
    // Too long a password is nobody's, but still costs one hash.
    let entered = Password::entered(password);
    let is_possible = entered.is_ok();
    let secret = entered
        .map(|password| password.secret())
        .unwrap_or_default();
    let settings = context.snapshot.password_settings();
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let verdict = context
        .passwords
        .verify(cost(&settings), stored, secret.clone())
        .await?;
    let Some(user) = user else {
        return Ok(None);
    };
    let Verdict::Right { needs_rehash } = verdict else {
        return Ok(None);
    };
    if !is_possible || user.state != UserState::Active {
        return Ok(None);
    }
    if needs_rehash {
        rehash(context, &user, secret).await?;
    }
    Ok(Some(user))
}

/// Brings the hash to today's settings, unless the password was changed in between. Being busy is no
/// reason to keep anybody out: the next sign-in tries again.
async fn rehash(context: &Context, user: &User, secret: Secret<String>) -> Result<(), StoreError> {
    let settings = context.snapshot.password_settings();
    if let Ok(hash) = context.passwords.hash(cost(&settings), secret).await {
        execute!(
            &context.store,
            "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            &user.id,
            &user.password_hash,
            hash,
        )?;
    }
    Ok(())
}

async fn record_failure(
    context: &Context,
    email: &str,
    address: &ClientAddress,
) -> Result<(), StoreError> {
    // Not the text itself: people type their password into the wrong field.
    let email = email.parse::<Email>().ok();
    let mut tx = context.store.begin().await?;
    let event = AuditEvent {
        actor: "anonymous",
        action: "session.sign_in_failed",
        subject: email.as_ref().map(Email::as_str),
        detail: json!({ "method": "password" }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, context.clock.now()).await?;
    tx.commit().await
}
