//! Somebody has changed their mind: the account is kept.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use super::{DELETE_PATH, record};
use crate::{
    modules::{
        Context, Problem,
        account::owner::sender,
        audit::{self, AuditEvent},
        form::StrictForm,
        pages::{self, Link, Look, Policy, Reader, Trouble, languages},
        session::{
            ACCOUNT_PATH, ClientAddress, Visitor,
            csrf::{self, Bound},
        },
        sign_in::Arrival,
    },
    store::{StoreError, Tx},
};

#[derive(Template)]
#[template(path = "account/templates/keep.html")]
struct KeepPage<'a> {
    look: &'a Look,
    texts: &'static languages::SelfService,
    token: &'a str,
    csrf: &'a str,
}

/// What the letter brought.
#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    token: String,
}

/// `POST /auth/account/delete/keep`: by somebody who is signed in.
pub(super) async fn by_session(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match sender(&context, &headers, &reader, visitor, &form, DELETE_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let mut tx = context.store.begin().await?;
    if record::keep(&mut tx, &person.user_id).await? {
        note(&mut tx, &context, &person.user_id, &address).await?;
    }
    tx.commit().await?;
    Ok(kept(&reader.look(None, Some(&person))))
}

/// `GET /auth/keep-account`. Mail scanners open it, too: it does nothing.
pub(super) async fn open(
    State(context): State<Context>,
    arrival: Arrival,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let look = arrival.reader.look(None, None);
    let (store, keyring) = (&context.store, &context.keyring);
    if record::find(store, keyring, &shown.token).await?.is_none() {
        return Ok(gone(&look));
    }
    let page = KeepPage {
        look: &look,
        texts: &look.language.self_service,
        token: &shown.token,
        csrf: &csrf::token(keyring, Bound::Browser(&arrival.browser)),
    };
    let page = pages::page(StatusCode::OK, &page, &look, &Policy::strict());
    Ok(arrival.browser.kept_with(&context, page))
}

/// `POST /auth/keep-account`: by whoever has the letter.
pub(super) async fn by_link(
    State(context): State<Context>,
    arrival: Arrival,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let look = arrival.reader.look(None, None);
    let bound = Bound::Browser(&arrival.browser);
    if !csrf::is_ours(&context, &arrival.headers, bound, &form) {
        let texts = &look.language.account;
        let (title, message) = (texts.stale, texts.stale_message);
        return Ok(end(&look, StatusCode::FORBIDDEN, title, message));
    }
    let token = form.get("token").unwrap_or_default();
    let mut tx = context.store.begin().await?;
    let user_id = record::keep_by_token(&mut tx, &context.keyring, token).await?;
    if let Some(user_id) = &user_id {
        note(&mut tx, &context, user_id, &arrival.address).await?;
    }
    tx.commit().await?;
    Ok(if user_id.is_some() {
        kept(&look)
    } else {
        gone(&look)
    })
}

async fn note(
    tx: &mut Tx,
    context: &Context,
    user_id: &str,
    address: &ClientAddress,
) -> Result<(), StoreError> {
    let actor = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &actor,
        action: "user.kept",
        subject: Some(&actor),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(tx, event, context.clock.now()).await
}

fn kept(look: &Look) -> Response {
    let texts = &look.language.self_service;
    end(look, StatusCode::OK, texts.kept, texts.kept_message)
}

fn gone(look: &Look) -> Response {
    let texts = &look.language.registration;
    end(look, StatusCode::GONE, texts.gone, texts.gone_message)
}

fn end(look: &Look, status: StatusCode, title: &str, message: &str) -> Response {
    Trouble {
        look,
        title,
        message,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: look.language.common.open_account,
        }),
    }
    .show(status)
}
