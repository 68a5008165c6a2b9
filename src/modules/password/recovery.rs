//! `/auth/recover`: the way back for somebody who has forgotten their password.
//!
//! Whoever asks is answered in the same way, with the same work, whether or not there is such an
//! account. The letter's link or code sets another password, once, and nobody stays signed in.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;

use super::{PasswordError, Who};
use crate::{
    clock::UnixMillis,
    crypto::password,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        confirmation::{
            self, CODES_BY_ADDRESS, ConfirmPage, Confirmation, LETTERS_BY_ADDRESS,
            LETTERS_TO_MAILBOX, NewConfirmation, Purpose, Shown,
        },
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Link, Look, Policy, Reader, Trouble, languages},
        session::{
            ClientAddress, ReturnTo,
            csrf::{self, Bound},
            with_return_to,
        },
        sign_in::{Arrival, LOGIN_PATH},
        user::{self, Email, UserState},
    },
    store::{StoreError, Tx},
};

/// Where somebody asks for a letter.
pub const RECOVER_PATH: &str = "/auth/recover";
const CODE_PATH: &str = "/auth/recover/code";

/// The routes.
pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(RECOVER_PATH, get(ask).post(send))
        .route(CODE_PATH, get(code).post(by_code))
        .route(Purpose::Recovery.path(), get(link).post(by_link))
}

#[derive(Template)]
#[template(path = "password/templates/recover.html")]
struct AskPage<'a> {
    look: &'a Look,
    texts: &'static languages::Recovery,
    notice: Option<&'a str>,
    email: &'a str,
    csrf: &'a str,
    return_to: &'a str,
    login: &'a str,
}

#[derive(Deserialize)]
struct AskQuery {
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/recover`
async fn ask(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<AskQuery>,
) -> Response {
    let place = ReturnTo::wished(&context.site, Some(&query.return_to));
    let look = reader.look(None, None);
    ask_page(&context, &arrival, &look, &place, StatusCode::OK, "", None)
}

fn ask_page(
    context: &Context,
    arrival: &Arrival,
    look: &Look,
    place: &ReturnTo,
    status: StatusCode,
    email: &str,
    notice: Option<&str>,
) -> Response {
    let page = AskPage {
        look,
        texts: &look.language.recovery,
        notice,
        email,
        csrf: &csrf::token(&context.keyring, Bound::Browser(&arrival.browser)),
        return_to: place.as_str(),
        login: &with_return_to(LOGIN_PATH, place.as_str()),
    };
    let page = pages::page(status, &page, look, &Policy::strict());
    arrival.browser.kept_with(context, page)
}

/// `POST /auth/recover`: sends a letter, if there is somebody to send it to.
async fn send(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let place = ReturnTo::wished(&context.site, form.get("return_to"));
    let entered = form.get("email").unwrap_or_default();
    let look = reader.look(None, None);
    let again = |status, notice| {
        ask_page(
            &context,
            &arrival,
            &look,
            &place,
            status,
            entered,
            Some(notice),
        )
    };
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        return Ok(again(
            StatusCode::FORBIDDEN,
            look.language.confirmation.stale,
        ));
    }
    let Ok(email) = entered.parse::<Email>() else {
        return Ok(again(
            StatusCode::BAD_REQUEST,
            look.language.recovery.no_address,
        ));
    };
    let Some(request) = letter(&context, &arrival.address, &look, &email, &place).await? else {
        return Ok(confirmation::too_many(&look));
    };
    context.mails.wake();
    Ok(Redirect::to(&format!("{CODE_PATH}?request={request}")).into_response())
}

/// Does the same for every address, up to what the outbox then does: for one without an account, the
/// letter is written and never sent. `None` if too many letters were asked for from here.
async fn letter(
    context: &Context,
    address: &ClientAddress,
    look: &Look,
    email: &Email,
    place: &ReturnTo,
) -> Result<Option<String>, StoreError> {
    let now = context.clock.now();
    let keyring = &context.keyring;
    let user = user::by_email(&context.store, email).await?;
    let user = user.filter(|user| user.state == UserState::Active);
    let mut tx = context.store.begin().await?;
    let from = address.network();
    if LETTERS_BY_ADDRESS
        .count(&mut tx, keyring, &from, now)
        .await?
        .is_none()
    {
        tx.rollback().await?;
        return Ok(None);
    }
    let mailbox = format!("{} {email}", Purpose::Recovery.name());
    let may = LETTERS_TO_MAILBOX
        .count(&mut tx, keyring, &mailbox, now)
        .await?;
    let new = NewConfirmation {
        purpose: Purpose::Recovery,
        user_id: user.as_ref().map(|user| user.id.as_str()),
        email: email.as_str(),
        return_to: place,
    };
    let issued = confirmation::issue(&mut tx, context, new, now).await?;
    let letter = Letter::Recovery {
        link: issued.link.expose(),
        code: issued.code.expose(),
        minutes: Purpose::Recovery.minutes(),
    };
    match &user {
        Some(user) if may.is_some() => {
            let to = Recipient::of(user, look.language);
            mail::queue(&mut tx, context, &to, letter, now).await?;
        }
        _ => {
            let to = Recipient {
                user_id: None,
                email: email.as_str(),
                language: look.language,
            };
            mail::queue_nothing(&mut tx, context, &to, letter, now).await?;
        }
    }
    let event = AuditEvent {
        actor: "anonymous",
        action: "user.recovery_asked",
        subject: Some(email.as_str()),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    Ok(Some(issued.id))
}

#[derive(Deserialize)]
struct CodeQuery {
    #[serde(default)]
    request: String,
}

/// `GET /auth/recover/code`
async fn code(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<CodeQuery>,
) -> Response {
    let look = reader.look(None, None);
    code_page(&look, &query.request, None).show(&context, &arrival.browser, StatusCode::OK)
}

fn code_page<'a>(look: &'a Look, request: &'a str, notice: Option<&'a str>) -> ConfirmPage<'a> {
    let texts = &look.language.recovery;
    ConfirmPage {
        look,
        title: look.language.confirmation.sent,
        message: texts.sent_message,
        address: None,
        action: CODE_PATH,
        shown: Shown::Code(request),
        wants_password: true,
        submit: texts.set,
        notice,
        again: Some(RECOVER_PATH),
    }
}

#[derive(Deserialize)]
struct LinkQuery {
    #[serde(default)]
    token: String,
}

/// `GET /auth/recover/password`: where the link leads. Uses nothing up.
async fn link(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let look = reader.look(None, None);
    let now = context.clock.now();
    let (store, keyring) = (&context.store, &context.keyring);
    let found = confirmation::peek(store, keyring, Purpose::Recovery, &query.token, now).await?;
    Ok(match found {
        Some(found) => link_page(&look, &query.token, Some(&found.email), None).show(
            &context,
            &arrival.browser,
            StatusCode::OK,
        ),
        None => confirmation::gone(&look, RECOVER_PATH),
    })
}

fn link_page<'a>(
    look: &'a Look,
    token: &'a str,
    address: Option<&'a str>,
    notice: Option<&'a str>,
) -> ConfirmPage<'a> {
    let texts = &look.language.recovery;
    ConfirmPage {
        look,
        title: texts.set,
        message: texts.choose,
        address,
        action: Purpose::Recovery.path(),
        shown: Shown::Token(token),
        wants_password: true,
        submit: texts.set,
        notice,
        again: None,
    }
}

/// `POST /auth/recover/code`
async fn by_code(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let look = reader.look(None, None);
    let request = form.get("request").unwrap_or_default();
    let again = |status: StatusCode, notice: &str| {
        code_page(&look, request, Some(notice)).show(&context, &arrival.browser, status)
    };
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        return Ok(again(
            StatusCode::FORBIDDEN,
            look.language.confirmation.stale,
        ));
    }
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let from = arrival.address.network();
    // Before the hash: whoever guesses shall not cost much.
    let counted = CODES_BY_ADDRESS
        .count(&mut tx, &context.keyring, &from, now)
        .await?;
    tx.commit().await?;
    if counted.is_none() {
        return Ok(confirmation::too_many(&look));
    }
    // Whose account it is, the right code tells, and that is looked at after the hash.
    let hash = match chosen(&context, form.get("password"), None, &look).await? {
        Ok(hash) => hash,
        Err(refused) => return Ok(refused.shown(again)),
    };
    let code = form.get("code").unwrap_or_default();
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let purpose = Purpose::Recovery;
    let confirmed =
        confirmation::by_code(&mut tx, &context.keyring, purpose, request, code, now).await?;
    let Some(confirmed) = confirmed else {
        tx.commit().await?;
        return Ok(again(
            StatusCode::BAD_REQUEST,
            look.language.confirmation.wrong,
        ));
    };
    set(
        &context,
        tx,
        &confirmed,
        &hash,
        &arrival.address,
        &look,
        now,
    )
    .await
}

/// `POST /auth/recover/password`
async fn by_link(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let look = reader.look(None, None);
    let token = form.get("token").unwrap_or_default();
    let again = |status: StatusCode, notice: &str| {
        link_page(&look, token, None, Some(notice)).show(&context, &arrival.browser, status)
    };
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        return Ok(again(
            StatusCode::FORBIDDEN,
            look.language.confirmation.stale,
        ));
    }
    let (store, keyring) = (&context.store, &context.keyring);
    let now = context.clock.now();
    // Before the hash: whoever guesses shall not cost much.
    let found = confirmation::peek(store, keyring, Purpose::Recovery, token, now).await?;
    let Some(found) = found else {
        return Ok(confirmation::gone(&look, RECOVER_PATH));
    };
    let email = Some(found.email.as_str());
    let hash = match chosen(&context, form.get("password"), email, &look).await? {
        Ok(hash) => hash,
        Err(refused) => return Ok(refused.shown(again)),
    };
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let confirmed = confirmation::by_link(&mut tx, keyring, Purpose::Recovery, token, now).await?;
    let Some(confirmed) = confirmed else {
        tx.rollback().await?;
        return Ok(confirmation::gone(&look, RECOVER_PATH));
    };
    set(
        &context,
        tx,
        &confirmed,
        &hash,
        &arrival.address,
        &look,
        now,
    )
    .await
}

/// Why a password was not taken.
struct Refused {
    status: StatusCode,
    notice: String,
}

impl Refused {
    fn shown(&self, page: impl Fn(StatusCode, &str) -> Response) -> Response {
        let mut page = page(self.status, &self.notice);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            page.headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        page
    }
}

/// The hash of the new password, or why there is none.
async fn chosen(
    context: &Context,
    password: Option<&str>,
    email: Option<&str>,
    look: &Look,
) -> Result<Result<String, Refused>, Problem> {
    let who = Who { email, name: None };
    match super::choose(context, password.unwrap_or_default(), who).await {
        Ok(hash) => Ok(Ok(hash)),
        Err(PasswordError::Refused(refused)) => Ok(Err(Refused {
            status: StatusCode::BAD_REQUEST,
            notice: refused.told(look.language),
        })),
        Err(PasswordError::Hashing(password::PasswordError::Busy(_))) => Ok(Err(Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            notice: look.language.login.busy.to_owned(),
        })),
        Err(other) => Err(Problem::internal(&other)),
    }
}

/// Sets the password and ends everything that was begun before. Whoever had the letter has shown that
/// the address is theirs.
async fn set(
    context: &Context,
    mut tx: Tx,
    confirmed: &Confirmation,
    hash: &str,
    address: &ClientAddress,
    look: &Look,
    now: UnixMillis,
) -> Result<Response, Problem> {
    let id = &confirmed.user_id;
    user::set_password_hash(&mut tx, id, hash, None, now).await?;
    user::verify_email(&mut tx, id, &confirmed.email, now).await?;
    let person = format!("user:{id}");
    let event = AuditEvent {
        actor: &person,
        action: "user.recover",
        subject: Some(&person),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    let to = Recipient {
        user_id: Some(id),
        email: &confirmed.email,
        language: look.language,
    };
    mail::queue(&mut tx, context, &to, Letter::PasswordChanged, now).await?;
    tx.commit().await?;
    context.mails.wake();
    context.logout_notices.wake();
    let texts = &look.language.recovery;
    let place = ReturnTo::wished(&context.site, Some(&confirmed.return_to));
    Ok(Trouble {
        look,
        title: texts.done,
        message: texts.done_message,
        detail: None,
        link: Some(Link {
            href: &with_return_to(LOGIN_PATH, place.as_str()),
            text: look.language.login.submit,
        }),
    }
    .show(StatusCode::OK))
}
