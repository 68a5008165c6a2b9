//! `POST /auth/login`: sign-in with e-mail address and password.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};

use super::{
    Password, cost,
    guess::{Guess, Wait},
};
use crate::{
    crypto::{
        Secret,
        password::{PasswordError, Verdict},
    },
    modules::{
        Context, Problem,
        form::StrictForm,
        pages::Reader,
        session::{
            ReturnTo,
            csrf::{self, Bound},
        },
        sign_in::{self, Arrival, SignInPage},
        user::{self, Email, User, UserState},
    },
    store::{StoreError, execute},
};

/// When to come back if too many others sign in.
const BUSY_FOR: Duration = Duration::from_secs(2);

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
    let again = async |status, notice| page.show(status, entered, Some(notice)).await;

    // A foreign form could sign the person in as somebody else (login CSRF).
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        return again(StatusCode::FORBIDDEN, texts.stale).await;
    }
    let Some(password) = form.get("password") else {
        return again(StatusCode::BAD_REQUEST, texts.incomplete).await;
    };
    let later = async |status, notice, wait: Duration| {
        let mut page = again(status, notice).await?;
        let seconds = HeaderValue::from(wait.as_secs() + 1);
        page.headers_mut().insert(RETRY_AFTER, seconds);
        Ok(page)
    };
    let user = match entered.parse::<Email>() {
        Ok(email) => user::by_email(&context.store, &email).await?,
        Err(_) => None,
    };
    let guess = match Guess::count(&context, &arrival, entered, user.as_ref()).await? {
        Ok(guess) => guess,
        Err(Wait(wait)) => return later(StatusCode::TOO_MANY_REQUESTS, texts.too_many, wait).await,
    };
    match check(&context, user, password).await {
        Ok(Some(user)) => {
            guess.was_right(&context).await?;
            sign_in::finish(&context, &arrival, &user, &["pwd"], &place).await
        }
        Ok(None) => {
            guess.was_wrong(&context, entered, &arrival).await?;
            again(StatusCode::UNAUTHORIZED, texts.wrong).await
        }
        Err(error) => {
            guess.was_none(&context).await?;
            match error {
                CheckError::Hashing(PasswordError::Busy(_)) => {
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    later(status, texts.busy, BUSY_FOR).await
                }
                CheckError::Hashing(error) => Err(Problem::internal(&error)),
                CheckError::Store(error) => Err(error.into()),
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    Hashing(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who it is, or `None`. One hash is computed in any case, so that neither the answer nor its time
/// tells whether there is such an account.
async fn check(
    context: &Context,
    user: Option<User>,
    password: &str,
) -> Result<Option<User>, CheckError> {
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
    if !is_possible || user.state == UserState::Disabled {
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
