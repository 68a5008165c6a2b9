//! `/auth/account/passkeys`: where people look after their passkeys.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{
    PAGE_PATH, SCRIPT, names,
    record::{self, PasskeySummary},
    relying_party::RelyingParty,
};
use crate::modules::{
    Context, Problem, account,
    audit::{self, AuditEvent},
    form::StrictForm,
    mail::{self, Letter, Recipient},
    pages::{self, Look, Policy, Reader, languages},
    second_factor,
    session::{
        ClientAddress, SignedIn, Visitor,
        csrf::{self, Bound},
    },
    sign_in,
};

#[derive(Template)]
#[template(path = "passkey/templates/passkeys.html")]
struct PasskeysPage<'a> {
    look: &'a Look,
    texts: &'static languages::Passkeys,
    passkeys: &'a [PasskeySummary],
    notice: Option<&'a str>,
    can_add: bool,
    script: &'static str,
    csrf: &'a str,
}

/// `GET /auth/account/passkeys`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = match account::recent_owner(&context, visitor, PAGE_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    if second_factor::owes(&context, &person).await? {
        return Ok(show_more());
    }
    let look = reader.look(None, Some(&person));
    page(&context, &look, &person, StatusCode::OK, None).await
}

/// Whoever has proved one thing alone must not do away with what the second is proved by.
fn show_more() -> Response {
    Redirect::to(&second_factor::step_up_address(PAGE_PATH)).into_response()
}

async fn page(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    status: StatusCode,
    notice: Option<&str>,
) -> Result<Response, Problem> {
    let passkeys = record::passkeys_of(&context.store, &person.user_id).await?;
    let page = PasskeysPage {
        look,
        texts: &look.language.passkeys,
        passkeys: &passkeys,
        notice,
        can_add: RelyingParty::of(context).is_ok(),
        script: SCRIPT,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
    };
    let policy = Policy::strict().running(SCRIPT).asking_us();
    Ok(pages::page(status, &page, look, &policy))
}

/// `POST /auth/account/passkeys/rename`: gives one (`passkey`) another name (`name`).
pub(super) async fn rename(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person =
        match account::recent_sender(&context, &headers, &reader, visitor, &form, PAGE_PATH) {
            Ok(person) => person,
            Err(answer) => return Ok(*answer),
        };
    let look = reader.look(None, Some(&person));
    let id = form.get("passkey").unwrap_or_default();
    let name = names::name(form.get("name").unwrap_or_default(), look.language);
    let mut tx = context.store.begin().await?;
    if record::rename(&mut tx, &person.user_id, id, &name).await? {
        let actor = format!("user:{}", person.user_id);
        let event = AuditEvent {
            actor: &actor,
            action: "passkey.rename",
            subject: Some(&actor),
            detail: json!({ "passkey": id, "name": name }),
            ip: address.text(),
        };
        audit::record(&mut tx, event, context.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(PAGE_PATH).into_response())
}

/// `POST /auth/account/passkeys/remove`: removes one (`passkey`), unless it is the last way in.
pub(super) async fn remove(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person =
        match account::recent_sender(&context, &headers, &reader, visitor, &form, PAGE_PATH) {
            Ok(person) => person,
            Err(answer) => return Ok(*answer),
        };
    if second_factor::owes(&context, &person).await? {
        return Ok(show_more());
    }
    let id = form.get("passkey").unwrap_or_default();
    let look = reader.look(None, Some(&person));
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    if let Some(name) = record::remove(&mut tx, &person.user_id, id).await? {
        if !sign_in::leaves_a_way(&mut tx, &context, &person.user_id).await? {
            tx.rollback().await?;
            let notice = Some(look.language.passkeys.only_way);
            return page(&context, &look, &person, StatusCode::CONFLICT, notice).await;
        }
        let actor = format!("user:{}", person.user_id);
        let event = AuditEvent {
            actor: &actor,
            action: "passkey.remove",
            subject: Some(&actor),
            detail: json!({ "passkey": id, "name": name }),
            ip: address.text(),
        };
        audit::record(&mut tx, event, now).await?;
        let to = Recipient::signed_in(&person, look.language);
        let letter = Letter::PasskeyRemoved { name: &name };
        mail::queue(&mut tx, &context, &to, letter, now).await?;
    }
    tx.commit().await?;
    context.mails.wake();
    Ok(Redirect::to(PAGE_PATH).into_response())
}
