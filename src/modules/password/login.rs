//! `/auth/login`: the page where people sign in.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{RETRY_AFTER, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
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
        oidc_provider::{self, AskingClient},
        pages::{self, Look, Policy, Reader, languages},
        session::{
            self, ACCOUNT_PATH, Authentication, Browser, ClientAddress, ReturnTo, SignedIn,
            Visitor,
            csrf::{self, Bound},
        },
        user::{self, Email, User, UserState},
    },
    store::{StoreError, execute},
};

#[derive(Template)]
#[template(path = "password/templates/login.html")]
struct LoginPage<'a> {
    look: &'a Look,
    texts: &'static languages::Login,
    client: Option<&'a AskingClient>,
    signed_in_as: Option<&'a str>,
    notice: Option<&'static str>,
    email: &'a str,
    csrf: &'a str,
    return_to: &'a str,
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/login`
pub(super) async fn show(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Response {
    let place = destination(&context, &wish.return_to);
    let person = visitor.person;
    if person.is_some() && place.as_str() == ACCOUNT_PATH {
        return Redirect::to(ACCOUNT_PATH).into_response();
    }
    let email = person.as_ref().map(|person| person.email.as_str());
    let client = oidc_provider::asking_client(&context, &place);
    let shown = Shown {
        look: &look(&reader, client.as_ref(), person.as_ref()),
        client: client.as_ref(),
        place: &place,
        email: email.unwrap_or_default(),
        signed_in_as: email,
        notice: None,
    };
    show_page(&context, &browser, StatusCode::OK, &shown)
}

/// `POST /auth/login`
pub(super) async fn submit(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let place = destination(&context, form.get("return_to").unwrap_or_default());
    let entered = form.get("email").unwrap_or_default();
    let client = oidc_provider::asking_client(&context, &place);
    let look = look(&reader, client.as_ref(), None);
    let texts = &look.language.login;
    let again = |status, notice| {
        let shown = Shown {
            look: &look,
            client: client.as_ref(),
            place: &place,
            email: entered,
            signed_in_as: None,
            notice: Some(notice),
        };
        show_page(&context, &browser, status, &shown)
    };

    // A foreign form could sign the person in as somebody else (login CSRF).
    if !csrf::is_ours(&context, &headers, Bound::Browser(&browser), &form) {
        return Ok(again(StatusCode::FORBIDDEN, texts.stale));
    }
    let Some(password) = form.get("password") else {
        return Ok(again(StatusCode::BAD_REQUEST, texts.incomplete));
    };
    let outcome = match check(&context, entered, password).await {
        Err(CheckError::Busy) => {
            let mut page = again(StatusCode::SERVICE_UNAVAILABLE, texts.busy);
            page.headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("2"));
            return Ok(page);
        }
        Err(CheckError::Failed(problem)) => return Err(problem),
        Ok(outcome) => outcome,
    };
    let Some(user) = outcome else {
        record_failure(&context, entered, &address).await?;
        return Ok(again(StatusCode::UNAUTHORIZED, texts.wrong));
    };
    let authentication = Authentication {
        user_id: &user.id,
        amr: &["pwd"],
    };
    let cookie = session::sign_in(&context, &headers, &address, authentication).await?;
    let mut response = Redirect::to(place.as_str()).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
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

/// Where the person is going; their account, if nowhere or to another site.
fn destination(context: &Context, return_to: &str) -> ReturnTo {
    ReturnTo::parse(&context.site, return_to).unwrap_or_else(ReturnTo::account)
}

fn look(reader: &Reader, client: Option<&AskingClient>, person: Option<&SignedIn>) -> Look {
    let asked = client.and_then(|client| client.ui_locales.as_deref());
    reader.look(asked, person)
}

struct Shown<'a> {
    look: &'a Look,
    client: Option<&'a AskingClient>,
    place: &'a ReturnTo,
    email: &'a str,
    signed_in_as: Option<&'a str>,
    notice: Option<&'static str>,
}

fn show_page(
    context: &Context,
    browser: &Browser,
    status: StatusCode,
    shown: &Shown<'_>,
) -> Response {
    let client = shown.client;
    let hint = client.and_then(|client| client.login_hint.as_deref());
    let page = LoginPage {
        look: shown.look,
        texts: &shown.look.language.login,
        client,
        signed_in_as: shown.signed_in_as,
        notice: shown.notice,
        email: match (shown.email, hint) {
            ("", Some(hint)) => hint,
            (email, _) => email,
        },
        csrf: &csrf::token(&context.keyring, Bound::Browser(browser)),
        return_to: shown.place.as_str(),
    };
    let mut policy = Policy::strict();
    if let Some(client) = client {
        policy = policy
            .leading_to(&client.redirect_uri)
            .showing(client.logo.as_deref());
    }
    browser.kept_with(context, pages::page(status, &page, shown.look, &policy))
}
