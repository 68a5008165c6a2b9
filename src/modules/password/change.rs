//! `/auth/account/password`: somebody gives themselves another password.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{MAX_PASSWORD, Password, PasswordError, Who, choose, cost};
use crate::{
    crypto::password::{PasswordError as HashingError, Verdict},
    modules::{
        Context, Problem,
        account::{self, sign_in_first},
        attempts::Limit,
        audit::{self, AuditEvent},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Link, Look, Notice, Policy, Reader, Trouble, languages},
        parameters::Parameters,
        session::{
            ACCOUNT_PATH, ClientAddress, SignedIn, Visitor,
            csrf::{self, Bound},
        },
        user::{self, User},
    },
    store::StoreError,
};

/// The page.
pub const CHANGE_PATH: &str = "/auth/account/password";

/// Wrong passwords of somebody who is signed in: a browser that was left alone is no place to guess.
const GUESSES: Limit = Limit {
    domain: "password.change",
    tries: 10,
    window: Duration::from_hours(1),
};
/// After how many seconds a busy server is asked again.
const BUSY_FOR: u32 = 2;

#[derive(Template)]
#[template(path = "password/templates/change.html")]
struct ChangePage<'a> {
    look: &'a Look,
    texts: &'static languages::SelfService,
    email: &'a str,
    notice: Option<&'a Notice>,
    /// Whether there is a password already.
    has_one: bool,
    min_length: u32,
    max_length: usize,
    csrf: &'a str,
}

/// Whether it was done.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    changed: Option<String>,
}

/// Why a password is not changed.
struct NotTaken {
    status: StatusCode,
    notice: Notice,
    retry_after: Option<u32>,
}

impl NotTaken {
    fn new(status: StatusCode, notice: impl Into<Notice>) -> Self {
        Self {
            status,
            notice: notice.into(),
            retry_after: None,
        }
    }

    fn after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

enum Stop {
    Again(NotTaken),
    Failed(Problem),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// `GET /auth/account/password`
pub(super) async fn open(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let person = match account::owner(visitor, CHANGE_PATH) {
        Ok(person) => person,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let look = reader.look(None, Some(&person));
    if done.changed.is_some() {
        return Ok(changed(&look));
    }
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(sign_in_first(CHANGE_PATH));
    };
    if user.password_hash.is_none() && !account::is_recent(&context, &person) {
        return Ok(sign_in_first(CHANGE_PATH));
    }
    Ok(show(&context, &look, &person, &user, StatusCode::OK, None))
}

/// `POST /auth/account/password`
pub(super) async fn submit(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match account::sender(&context, &headers, &reader, visitor, &form, CHANGE_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let look = reader.look(None, Some(&person));
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(sign_in_first(CHANGE_PATH));
    };
    // Who has no password shows by a recent sign-in what others show by the old one.
    if user.password_hash.is_none() && !account::is_recent(&context, &person) {
        return Ok(sign_in_first(CHANGE_PATH));
    }
    match change(&context, &look, &person, &user, &address, &form).await {
        Ok(()) => Ok(Redirect::to(&format!("{CHANGE_PATH}?changed=1")).into_response()),
        Err(Stop::Again(not_taken)) => {
            let notice = Some(&not_taken.notice);
            let mut page = show(&context, &look, &person, &user, not_taken.status, notice);
            if let Some(seconds) = not_taken.retry_after {
                let headers = page.headers_mut();
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(page)
        }
        Err(Stop::Failed(problem)) => Err(problem),
    }
}

async fn change(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    user: &User,
    address: &ClientAddress,
    form: &Parameters,
) -> Result<(), Stop> {
    if user.password_hash.is_some() {
        let old = form.get("old_password").unwrap_or_default();
        prove(context, look, user, old).await?;
    }
    let chosen = form.get("password").unwrap_or_default();
    let who = Who {
        email: Some(&person.email),
        name: person.name.as_deref(),
    };
    let password_hash = choose(context, chosen, who)
        .await
        .map_err(|error| not_chosen(look, error))?;
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let keep = Some(person.session_id.as_str());
    user::set_password_hash(&mut tx, &user.id, &password_hash, keep, now).await?;
    let actor = format!("user:{}", user.id);
    let event = AuditEvent {
        actor: &actor,
        action: "user.set_password",
        subject: Some(&actor),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    let to = Recipient::signed_in(person, look.language);
    mail::queue(&mut tx, context, &to, Letter::PasswordChanged, now).await?;
    tx.commit().await?;
    context.mails.wake();
    context.logout_notices.wake();
    Ok(())
}

/// Whether the old password is right. A guess counts before it is looked at, and a right one takes it
/// back, so that many at once are no way around it.
async fn prove(context: &Context, look: &Look, user: &User, old: &str) -> Result<(), Stop> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let tries = GUESSES
        .count(&mut tx, &context.keyring, &user.id, now)
        .await?;
    if tries.is_none() {
        tx.rollback().await?;
        let too_many = look.language.registration.too_many;
        let too_many = NotTaken::new(StatusCode::TOO_MANY_REQUESTS, too_many);
        return Err(Stop::Again(too_many.after(3_600)));
    }
    tx.commit().await?;
    let entered = Password::entered(old);
    let is_possible = entered.is_ok();
    let secret = entered
        .map(|password| password.secret())
        .unwrap_or_default();
    let cost = cost(&context.snapshot.password_settings());
    let stored = user.password_hash.clone();
    let verdict = context.passwords.verify(cost, stored, secret).await;
    match verdict.map_err(|error| not_chosen(look, error.into()))? {
        Verdict::Right { .. } if is_possible => {
            let mut tx = context.store.begin().await?;
            GUESSES
                .take_back(&mut tx, &context.keyring, &user.id)
                .await?;
            tx.commit().await?;
            Ok(())
        }
        _ => {
            let wrong = look.language.self_service.wrong_password;
            Err(Stop::Again(NotTaken::new(StatusCode::BAD_REQUEST, wrong)))
        }
    }
}

fn not_chosen(look: &Look, error: PasswordError) -> Stop {
    match error {
        PasswordError::Refused(refused) => Stop::Again(NotTaken::new(
            StatusCode::BAD_REQUEST,
            refused.told(look.language),
        )),
        PasswordError::Hashing(HashingError::Busy(_)) => {
            let busy = look.language.login.busy;
            let busy = NotTaken::new(StatusCode::SERVICE_UNAVAILABLE, busy);
            Stop::Again(busy.after(BUSY_FOR))
        }
        error => Stop::Failed(Problem::internal(&error)),
    }
}

fn show(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    user: &User,
    status: StatusCode,
    notice: Option<&Notice>,
) -> Response {
    let page = ChangePage {
        look,
        texts: &look.language.self_service,
        email: &person.email,
        notice,
        has_one: user.password_hash.is_some(),
        min_length: context.snapshot.password_settings().min_length,
        max_length: MAX_PASSWORD,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
    };
    pages::page(status, &page, look, &Policy::strict())
}

fn changed(look: &Look) -> Response {
    let texts = &look.language.self_service;
    Trouble {
        look,
        title: texts.change_password,
        message: texts.password_changed,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: look.language.common.open_account,
        }),
    }
    .show(StatusCode::OK)
}
