//! `/auth/register/sent`: where the code of the letter is typed.

use std::borrow::Cow;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    FINISH_PATH, REGISTER_PATH, limits,
    record::{self, Registration},
    stage::{Stage, retry_after},
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{Look, Notice, Reader, languages},
    parameters,
    session::{
        ReturnTo,
        csrf::{self, Bound},
    },
    sign_in::Arrival,
};

#[derive(Template)]
#[template(path = "account/templates/register_sent.html")]
struct SentPage<'a> {
    look: &'a Look,
    texts: &'static languages::Registration,
    notice: Option<Notice>,
    email: &'a str,
    registration: &'a str,
    invitation: Option<&'a str>,
    again: &'a str,
    csrf: &'a str,
}

/// Which registration.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    registration: String,
    #[serde(default)]
    invitation: Option<String>,
}

/// `GET /auth/register/sent`
pub(super) async fn open(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let id = &which.registration;
    let Some(begun) = begun(&context, &arrival, id).await? else {
        return Ok(Redirect::to(REGISTER_PATH).into_response());
    };
    let place = ReturnTo::wished(&context.site, Some(&begun.return_to));
    let stage = Stage::new(&context, &arrival.browser, &reader, place);
    let invitation = which.invitation.as_deref();
    Ok(show(&stage, StatusCode::OK, id, invitation, &begun, None))
}

/// `POST /auth/register/sent`
pub(super) async fn submit(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let id = form.get("registration").unwrap_or_default();
    let Some(begun) = begun(&context, &arrival, id).await? else {
        return Ok(Redirect::to(REGISTER_PATH).into_response());
    };
    let place = ReturnTo::wished(&context.site, Some(&begun.return_to));
    let stage = Stage::new(&context, &arrival.browser, &reader, place);
    let texts = stage.texts();
    let invitation = form.get("invitation");
    let again = |status, notice| show(&stage, status, id, invitation, &begun, Some(notice));
    let bound = Bound::Browser(&arrival.browser);
    if !csrf::is_ours(&context, &arrival.headers, bound, &form) {
        return Ok(again(StatusCode::FORBIDDEN, texts.stale));
    }
    let now = context.clock.now();
    let typed = form.get("code").unwrap_or_default();
    let mut tx = context.store.begin().await?;
    // Counted before it is looked at, so that many at once are no way around it.
    if !limits::count_code(&mut tx, &context.keyring, id, now).await? {
        tx.rollback().await?;
        let page = again(StatusCode::TOO_MANY_REQUESTS, texts.too_many);
        return Ok(retry_after(page, limits::RETRY_AFTER_SECONDS));
    }
    let keyring = &context.keyring;
    let token = record::exchange_code(&mut tx, keyring, &arrival.browser, id, typed, now).await?;
    tx.commit().await?;
    Ok(match token {
        None => again(StatusCode::BAD_REQUEST, texts.wrong_code),
        Some(token) => {
            let token = Cow::Borrowed(token.expose().as_str());
            let address = parameters::append(FINISH_PATH, &[("token", token)]);
            Redirect::to(&address).into_response()
        }
    })
}

async fn begun(
    context: &Context,
    arrival: &Arrival,
    id: &str,
) -> Result<Option<Registration>, Problem> {
    let (store, keyring) = (&context.store, &context.keyring);
    let now = context.clock.now();
    Ok(record::begun(store, keyring, &arrival.browser, id, now).await?)
}

fn show(
    stage: &Stage<'_>,
    status: StatusCode,
    id: &str,
    invitation: Option<&str>,
    begun: &Registration,
    notice: Option<&'static str>,
) -> Response {
    let page = SentPage {
        look: &stage.look,
        texts: stage.texts(),
        notice: notice.map(Notice::from),
        email: &begun.email,
        registration: id,
        invitation,
        again: &stage.begin(invitation),
        csrf: &stage.csrf(),
    };
    stage.show(status, &page)
}
