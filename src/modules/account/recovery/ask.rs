//! `/auth/recover`: somebody asks for a letter.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{CODE_PATH, Means};
use crate::{
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        confirmation::{self, LETTERS_BY_ADDRESS, LETTERS_TO_MAILBOX, NewConfirmation, Purpose},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Look, Policy, Reader, languages},
        session::{
            ClientAddress, ReturnTo,
            csrf::{self, Bound},
            with_return_to,
        },
        sign_in::{Arrival, LOGIN_PATH},
        user::{self, Email, UserState},
    },
    store::StoreError,
};

#[derive(Template)]
#[template(path = "account/templates/recover.html")]
struct AskPage<'a> {
    look: &'a Look,
    texts: &'static languages::Recovery,
    title: &'static str,
    explain: &'static str,
    notice: Option<&'a str>,
    email: &'a str,
    csrf: &'a str,
    return_to: &'a str,
    login: &'a str,
}

#[derive(Deserialize)]
pub(super) struct AskQuery {
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/recover`
pub(super) async fn open(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<AskQuery>,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let place = ReturnTo::wished(&context.site, Some(&query.return_to));
    let look = reader.look(None, None);
    let asking = Asking {
        context: &context,
        arrival: &arrival,
        look: &look,
        place: &place,
        means,
    };
    Ok(asking.page(StatusCode::OK, "", None))
}

/// Somebody who asks.
struct Asking<'a> {
    context: &'a Context,
    arrival: &'a Arrival,
    look: &'a Look,
    place: &'a ReturnTo,
    means: Means,
}

impl Asking<'_> {
    fn page(&self, status: StatusCode, email: &str, notice: Option<&str>) -> Response {
        let (context, browser) = (self.context, &self.arrival.browser);
        let texts = &self.look.language.recovery;
        let page = AskPage {
            look: self.look,
            texts,
            title: self.means.title(self.look.language),
            explain: match self.means {
                Means::Password => texts.explain,
                Means::Passkey => texts.explain_passkey,
            },
            notice,
            email,
            csrf: &csrf::token(&context.keyring, Bound::Browser(browser)),
            return_to: self.place.as_str(),
            login: &with_return_to(LOGIN_PATH, self.place.as_str()),
        };
        let page = pages::page(status, &page, self.look, &Policy::strict());
        browser.kept_with(context, page)
    }
}

/// `POST /auth/recover`: sends a letter, if there is somebody to send it to.
pub(super) async fn send(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let place = ReturnTo::wished(&context.site, form.get("return_to"));
    let entered = form.get("email").unwrap_or_default();
    let look = reader.look(None, None);
    let asking = Asking {
        context: &context,
        arrival: &arrival,
        look: &look,
        place: &place,
        means,
    };
    let again = |status, notice| asking.page(status, entered, Some(notice));
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
