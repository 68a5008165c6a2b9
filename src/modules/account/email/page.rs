//! `/auth/account/email`: which address the account has, and another one.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{EMAIL_PATH, code_path};
use crate::{
    modules::{
        Context, Problem,
        account::{recent_owner, recent_sender},
        audit::{self, AuditEvent},
        confirmation::{self, LETTERS_BY_ADDRESS, LETTERS_TO_MAILBOX, NewConfirmation, Purpose},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Look, Policy, Reader, languages},
        session::{
            ClientAddress, ReturnTo, SignedIn, Visitor,
            csrf::{self, Bound},
        },
        user::{self, Email},
    },
    store::StoreError,
};

#[derive(Template)]
#[template(path = "account/templates/email.html")]
struct EmailPage<'a> {
    look: &'a Look,
    texts: &'static languages::EmailAddress,
    person: &'a SignedIn,
    notice: Option<&'a str>,
    entered: &'a str,
    csrf: &'a str,
}

fn page(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    status: StatusCode,
    entered: &str,
    notice: Option<&str>,
) -> Response {
    let page = EmailPage {
        look,
        texts: &look.language.email_address,
        person,
        notice,
        entered,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
    };
    pages::page(status, &page, look, &Policy::strict())
}

/// `GET /auth/account/email`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Response {
    let person = match recent_owner(&context, visitor, EMAIL_PATH) {
        Ok(person) => person,
        Err(answer) => return *answer,
    };
    let look = reader.look(None, Some(&person));
    page(&context, &look, &person, StatusCode::OK, "", None)
}

/// `POST /auth/account/email`: nothing changes before it is confirmed at the new address.
pub(super) async fn change(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let sent = recent_sender(&context, &headers, &reader, visitor, &form, EMAIL_PATH);
    let person = match sent {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let look = reader.look(None, Some(&person));
    let entered = form.get("email").unwrap_or_default();
    let texts = &look.language.email_address;
    let again = |notice| {
        let status = StatusCode::BAD_REQUEST;
        page(&context, &look, &person, status, entered, Some(notice))
    };
    let Ok(email) = entered.parse::<Email>() else {
        return Ok(again(look.language.recovery.no_address));
    };
    if email.as_str() == person.email {
        return Ok(again(texts.same));
    }
    match letter(&context, &address, &person, &look, &email).await? {
        None => Ok(confirmation::too_many(&look)),
        Some(request) => {
            context.mails.wake();
            let path = code_path(Purpose::EmailChange);
            Ok(Redirect::to(&format!("{path}?request={request}")).into_response())
        }
    }
}

/// What the page knows the letter by; `None` if there were too many. An address that somebody else has
/// is answered like any other.
async fn letter(
    context: &Context,
    address: &ClientAddress,
    person: &SignedIn,
    look: &Look,
    email: &Email,
) -> Result<Option<String>, StoreError> {
    let now = context.clock.now();
    let keyring = &context.keyring;
    let is_taken = user::by_email(&context.store, email).await?.is_some();
    let mut tx = context.store.begin().await?;
    let from = address.network();
    let mailbox = format!("{} {email}", Purpose::EmailChange.name());
    for (limit, who) in [(LETTERS_BY_ADDRESS, &from), (LETTERS_TO_MAILBOX, &mailbox)] {
        if limit.count(&mut tx, keyring, who, now).await?.is_none() {
            tx.rollback().await?;
            return Ok(None);
        }
    }
    let new = NewConfirmation {
        purpose: Purpose::EmailChange,
        user_id: (!is_taken).then_some(person.user_id.as_str()),
        email: email.as_str(),
        return_to: &ReturnTo::account(),
    };
    let issued = confirmation::issue(&mut tx, context, new, now).await?;
    let to = Recipient {
        user_id: Some(&person.user_id),
        email: email.as_str(),
        language: look.language,
    };
    let letter = Letter::EmailChange {
        link: issued.link.expose(),
        code: issued.code.expose(),
        minutes: Purpose::EmailChange.minutes(),
    };
    if is_taken {
        mail::queue_nothing(&mut tx, context, &to, letter, now).await?;
    } else {
        mail::queue(&mut tx, context, &to, letter, now).await?;
    }
    let subject = format!("user:{}", person.user_id);
    let event = AuditEvent {
        actor: &subject,
        action: "user.email_change_asked",
        subject: Some(&subject),
        detail: json!({ "email": email.as_str() }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    Ok(Some(issued.id))
}
