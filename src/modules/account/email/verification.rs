//! Letters with which people show that the address of their account is theirs.

use axum::{
    extract::State,
    http::{HeaderMap, header::ACCEPT_LANGUAGE},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{EMAIL_PATH, code_path};
use crate::{
    modules::{
        Context, Problem,
        account::sender,
        audit::{self, AuditEvent},
        confirmation::{self, LETTERS_BY_ADDRESS, LETTERS_TO_MAILBOX, NewConfirmation, Purpose},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{Language, Reader},
        session::{ClientAddress, ReturnTo, Visitor},
        sign_in::Arrival,
        user::User,
    },
    store::StoreError,
};

/// Where somebody goes who may sign in only once the address is confirmed: a letter is on its way, and
/// here its code is typed. A further letter is sent a few times an hour.
pub async fn verify_first(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    place: &ReturnTo,
) -> Result<Response, Problem> {
    let accepted = arrival
        .headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|header| header.to_str().ok())
        .and_then(Language::accepted);
    let to = Recipient::of(user, accepted.unwrap_or_else(Language::fallback));
    let request = letter(context, &arrival.address, &user.id, &to, place).await?;
    Ok(to_code_page(request.as_deref()))
}

/// `POST /auth/account/email/verify`
pub(super) async fn send(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match sender(&context, &headers, &reader, visitor, &form, EMAIL_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    if person.email_verified {
        return Ok(Redirect::to(EMAIL_PATH).into_response());
    }
    let look = reader.look(None, Some(&person));
    let to = Recipient::signed_in(&person, look.language);
    let place = ReturnTo::account();
    match letter(&context, &address, &person.user_id, &to, &place).await? {
        Some(request) => Ok(to_code_page(Some(&request))),
        None => Ok(confirmation::too_many(&look)),
    }
}

/// Without a request, the page says no more than that a letter is on its way: the last one is.
fn to_code_page(request: Option<&str>) -> Response {
    let path = code_path(Purpose::Verification);
    let request = request.unwrap_or_default();
    Redirect::to(&format!("{path}?request={request}")).into_response()
}

/// What the page knows the letter by; `None` if there were too many.
async fn letter(
    context: &Context,
    address: &ClientAddress,
    user_id: &str,
    to: &Recipient<'_>,
    place: &ReturnTo,
) -> Result<Option<String>, StoreError> {
    let now = context.clock.now();
    let keyring = &context.keyring;
    let mut tx = context.store.begin().await?;
    let from = address.network();
    let mailbox = format!("{} {}", Purpose::Verification.name(), to.email);
    for (limit, who) in [(LETTERS_BY_ADDRESS, &from), (LETTERS_TO_MAILBOX, &mailbox)] {
        if limit.count(&mut tx, keyring, who, now).await?.is_none() {
            tx.rollback().await?;
            return Ok(None);
        }
    }
    let new = NewConfirmation {
        purpose: Purpose::Verification,
        user_id: Some(user_id),
        email: to.email,
        return_to: place,
    };
    let issued = confirmation::issue(&mut tx, context, new, now).await?;
    let letter = Letter::Verification {
        link: issued.link.expose(),
        code: issued.code.expose(),
        minutes: Purpose::Verification.minutes(),
    };
    mail::queue(&mut tx, context, to, letter, now).await?;
    let person = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &person,
        action: "user.verification_asked",
        subject: Some(&person),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(Some(issued.id))
}
