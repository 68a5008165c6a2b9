//! Somebody wants to delete their account.

use std::borrow::Cow;

use askama::Template;
use assay_reconciler::spec::Span;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{DELETE_PATH, KEEP_LINK_PATH, reap, record};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        account::owner::{recent_owner, recent_sender, sign_in_first},
        audit::{self, AuditEvent},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Look, Notice, Policy, Reader, Trouble, languages},
        parameters::append,
        session::{
            ClientAddress, SignedIn, Visitor,
            csrf::{self, Bound},
        },
        user::{self, Email, User},
    },
};

#[derive(Template)]
#[template(path = "account/templates/delete.html")]
struct DeletePage<'a> {
    look: &'a Look,
    texts: &'static languages::SelfService,
    notice: Option<&'a Notice>,
    email: &'a str,
    /// Days in which it can be undone; none, if it cannot.
    days: u32,
    /// When it will be deleted, if that was asked for before.
    due_at: Option<UnixMillis>,
    csrf: &'a str,
}

/// Whole days, so that nobody is promised more than there is.
fn days(grace: Span) -> u32 {
    grace.as_secs() / 86_400
}

/// `GET /auth/account/delete`
pub(super) async fn open(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = match recent_owner(&context, visitor, DELETE_PATH) {
        Ok(person) => person,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    show(&context, &reader, &person, StatusCode::OK, None).await
}

/// `POST /auth/account/delete`
pub(super) async fn submit(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = recent_sender(&context, &headers, &reader, visitor, &form, DELETE_PATH);
    let person = match person {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let settings = context.snapshot.account_settings().deletion;
    if !settings.allowed {
        return Ok(Problem::not_found().into_response());
    }
    let typed = form
        .get("email")
        .and_then(|typed| typed.parse::<Email>().ok());
    if typed.is_none_or(|typed| typed.as_str() != person.email) {
        let notice = Notice::from(
            reader
                .look(None, Some(&person))
                .language
                .self_service
                .other_email,
        );
        return show(
            &context,
            &reader,
            &person,
            StatusCode::BAD_REQUEST,
            Some(&notice),
        )
        .await;
    }
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(sign_in_first(DELETE_PATH));
    };
    let look = reader.look(None, Some(&person));
    let texts = &look.language.self_service;
    let (title, message) = if settings.grace_period == Span::seconds(0) {
        let actor = format!("user:{}", user.id);
        let mut tx = context.store.begin().await?;
        reap::delete(&mut tx, &context, &user, &actor, address.text()).await?;
        tx.commit().await?;
        (texts.deleted, Cow::Borrowed(texts.deleted_message))
    } else {
        let due_at = schedule(&context, &look, &user, &address, settings.grace_period).await?;
        (
            texts.scheduled,
            Cow::Owned(texts.scheduled_for.plain(&due_at)),
        )
    };
    context.mails.wake();
    context.logout_notices.wake();
    let page = Trouble {
        look: &look,
        title,
        message: &message,
        detail: None,
        link: None,
    };
    Ok(page.show(StatusCode::OK))
}

/// Ends all that the person has begun, and has the account deleted later.
async fn schedule(
    context: &Context,
    look: &Look,
    user: &User,
    address: &ClientAddress,
    grace: Span,
) -> Result<UnixMillis, Problem> {
    let now = context.clock.now();
    let due_at = now + grace.duration();
    let mut tx = context.store.begin().await?;
    let token = record::schedule(&mut tx, &context.keyring, &user.id, now, due_at).await?;
    user::end_all(&mut tx, &user.id, None, now).await?;
    let token = Cow::Borrowed(token.expose().as_str());
    let link = context
        .site
        .url(&append(KEEP_LINK_PATH, &[("token", token)]));
    let letter = Letter::DeletionScheduled {
        link: &link,
        days: days(grace),
    };
    let to = Recipient::of(user, look.language);
    mail::queue(&mut tx, context, &to, letter, now).await?;
    let actor = format!("user:{}", user.id);
    let event = AuditEvent {
        actor: &actor,
        action: "user.delete_asked",
        subject: Some(&actor),
        detail: json!({ "dueAt": due_at }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    Ok(due_at)
}

async fn show(
    context: &Context,
    reader: &Reader,
    person: &SignedIn,
    status: StatusCode,
    notice: Option<&Notice>,
) -> Result<Response, Problem> {
    let settings = context.snapshot.account_settings().deletion;
    let due_at = record::due_at(&context.store, &person.user_id).await?;
    if !settings.allowed && due_at.is_none() {
        return Ok(Problem::not_found().into_response());
    }
    let look = reader.look(None, Some(person));
    let page = DeletePage {
        look: &look,
        texts: &look.language.self_service,
        notice,
        email: &person.email,
        days: days(settings.grace_period),
        due_at,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
    };
    Ok(pages::page(status, &page, &look, &Policy::strict()))
}
