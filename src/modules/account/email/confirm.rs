//! Where the links of letters lead, and where their codes are typed. Looking uses nothing up.

use axum::{
    extract::{FromRef, FromRequestParts, Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::Deserialize;

use super::{EMAIL_PATH, carry_out, code_path};
use crate::modules::{
    Context, Problem,
    confirmation::{self, CODES_BY_ADDRESS, ConfirmPage, Purpose, Shown},
    form::StrictForm,
    pages::{Look, Reader},
    session::csrf::{self, Bound},
    sign_in::Arrival,
};

/// What is confirmed at a path, in one generation.
#[derive(Clone)]
pub(super) struct Confirming {
    pub(super) context: Context,
    pub(super) purpose: Purpose,
}

/// Whoever comes with a letter.
pub(super) struct Reading {
    arrival: Arrival,
    look: Look,
}

impl FromRequestParts<Confirming> for Reading {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        confirming: &Confirming,
    ) -> Result<Self, Problem> {
        let context = &confirming.context;
        let Ok(reader) = Reader::from_request_parts(parts, context).await;
        Ok(Self {
            arrival: Arrival::from_request_parts(parts, context).await?,
            look: reader.look(None, None),
        })
    }
}

/// The words of a page by what is confirmed at it: its heading, what stands under it, the button.
fn words(look: &Look, purpose: Purpose) -> (&'static str, &'static str, &'static str) {
    let texts = &look.language.email_address;
    match purpose {
        Purpose::EmailUndo => (texts.undo, texts.undo_message, texts.undo),
        _ => (texts.confirm, texts.confirm_message, texts.confirm),
    }
}

#[derive(Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    token: String,
}

/// `GET`, where a link leads.
pub(super) async fn link(
    State(Confirming { context, purpose }): State<Confirming>,
    Reading { arrival, look }: Reading,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let now = context.clock.now();
    let (store, keyring) = (&context.store, &context.keyring);
    let found = confirmation::peek(store, keyring, purpose, &query.token, now).await?;
    let Some(found) = found else {
        return Ok(confirmation::gone(&look, EMAIL_PATH));
    };
    let (title, message, submit) = words(&look, purpose);
    Ok(ConfirmPage {
        look: &look,
        title,
        message,
        address: Some(&found.email),
        action: purpose.path(),
        shown: Shown::Token(&query.token),
        wants_password: false,
        submit,
        notice: None,
        again: None,
    }
    .show(&context, &arrival.browser, StatusCode::OK))
}

/// `POST`, from there.
pub(super) async fn by_link(
    State(Confirming { context, purpose }): State<Confirming>,
    Reading { arrival, look }: Reading,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let token = form.get("token").unwrap_or_default();
    if !csrf::is_ours(
        &context,
        &arrival.headers,
        Bound::Browser(&arrival.browser),
        &form,
    ) {
        let (title, message, submit) = words(&look, purpose);
        return Ok(ConfirmPage {
            look: &look,
            title,
            message,
            address: None,
            action: purpose.path(),
            shown: Shown::Token(token),
            wants_password: false,
            submit,
            notice: Some(look.language.confirmation.stale),
            again: None,
        }
        .show(&context, &arrival.browser, StatusCode::FORBIDDEN));
    }
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let confirmed = confirmation::by_link(&mut tx, &context.keyring, purpose, token, now).await?;
    let Some(confirmed) = confirmed else {
        tx.rollback().await?;
        return Ok(confirmation::gone(&look, EMAIL_PATH));
    };
    carry_out::carry_out(&context, tx, purpose, &confirmed, &arrival, &look, now).await
}

#[derive(Deserialize)]
pub(super) struct CodeQuery {
    #[serde(default)]
    request: String,
}

/// `GET`, where a code is typed.
pub(super) async fn code(
    State(Confirming { context, purpose }): State<Confirming>,
    Reading { arrival, look }: Reading,
    Query(query): Query<CodeQuery>,
) -> Response {
    code_page(&look, purpose, &query.request, None).show(&context, &arrival.browser, StatusCode::OK)
}

fn code_page<'a>(
    look: &'a Look,
    purpose: Purpose,
    request: &'a str,
    notice: Option<&'a str>,
) -> ConfirmPage<'a> {
    let texts = &look.language.confirmation;
    ConfirmPage {
        look,
        title: texts.sent,
        message: texts.sent_message,
        address: None,
        action: code_path(purpose),
        shown: Shown::Code(request),
        wants_password: false,
        submit: look.language.email_address.confirm,
        notice,
        again: Some(EMAIL_PATH),
    }
}

/// `POST`, from there.
pub(super) async fn by_code(
    State(Confirming { context, purpose }): State<Confirming>,
    Reading { arrival, look }: Reading,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let request = form.get("request").unwrap_or_default();
    let again = |status, notice| {
        code_page(&look, purpose, request, Some(notice)).show(&context, &arrival.browser, status)
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
    let keyring = &context.keyring;
    let code = form.get("code").unwrap_or_default();
    let mut tx = context.store.begin().await?;
    let from = arrival.address.network();
    if CODES_BY_ADDRESS
        .count(&mut tx, keyring, &from, now)
        .await?
        .is_none()
    {
        tx.rollback().await?;
        return Ok(confirmation::too_many(&look));
    }
    let confirmed = confirmation::by_code(&mut tx, keyring, purpose, request, code, now).await?;
    let Some(confirmed) = confirmed else {
        tx.commit().await?;
        return Ok(again(
            StatusCode::BAD_REQUEST,
            look.language.confirmation.wrong,
        ));
    };
    carry_out::carry_out(&context, tx, purpose, &confirmed, &arrival, &look, now).await
}

impl FromRef<Confirming> for Context {
    fn from_ref(confirming: &Confirming) -> Self {
        confirming.context.clone()
    }
}
