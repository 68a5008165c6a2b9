//! `/auth/recover/password` and `/auth/recover/code`: somebody shows that they have the letter.

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{
    CODE_PATH, Means, RECOVER_PATH,
    regain::{self, Regaining},
};
use crate::modules::{
    Context, Problem,
    confirmation::{self, CODES_BY_ADDRESS, ConfirmPage, Purpose, Shown},
    form::StrictForm,
    pages::{Look, Reader},
    session::csrf::{self, Bound},
    sign_in::Arrival,
};

#[derive(Deserialize)]
pub(super) struct CodeQuery {
    #[serde(default)]
    request: String,
}

/// `GET /auth/recover/code`
pub(super) async fn code(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<CodeQuery>,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let look = reader.look(None, None);
    let page = code_page(means, &look, &query.request, None);
    Ok(page.show(&context, &arrival.browser, StatusCode::OK))
}

fn code_page<'a>(
    means: Means,
    look: &'a Look,
    request: &'a str,
    notice: Option<&'a str>,
) -> ConfirmPage<'a> {
    let texts = &look.language.recovery;
    ConfirmPage {
        look,
        title: look.language.confirmation.sent,
        message: match means {
            Means::Password => texts.sent_message,
            Means::Passkey => texts.sent_message_passkey,
        },
        address: None,
        action: CODE_PATH,
        shown: Shown::Code(request),
        wants_password: means == Means::Password,
        submit: means.button(look.language),
        notice,
        again: Some(RECOVER_PATH),
    }
}

#[derive(Deserialize)]
pub(super) struct LinkQuery {
    #[serde(default)]
    token: String,
}

/// `GET /auth/recover/password`: where the link leads. Uses nothing up.
pub(super) async fn link(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let look = reader.look(None, None);
    let now = context.clock.now();
    let (store, keyring) = (&context.store, &context.keyring);
    let found = confirmation::peek(store, keyring, Purpose::Recovery, &query.token, now).await?;
    Ok(match found {
        Some(found) => link_page(means, &look, &query.token, Some(&found.email), None).show(
            &context,
            &arrival.browser,
            StatusCode::OK,
        ),
        None => confirmation::gone(&look, RECOVER_PATH),
    })
}

fn link_page<'a>(
    means: Means,
    look: &'a Look,
    token: &'a str,
    address: Option<&'a str>,
    notice: Option<&'a str>,
) -> ConfirmPage<'a> {
    let texts = &look.language.recovery;
    ConfirmPage {
        look,
        title: means.button(look.language),
        message: match means {
            Means::Password => texts.choose,
            Means::Passkey => texts.get_into,
        },
        address,
        action: Purpose::Recovery.path(),
        shown: Shown::Token(token),
        wants_password: means == Means::Password,
        submit: means.button(look.language),
        notice,
        again: None,
    }
}

/// `POST /auth/recover/code`
pub(super) async fn by_code(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let look = reader.look(None, None);
    let request = form.get("request").unwrap_or_default();
    let again = |status: StatusCode, notice: &str| {
        code_page(means, &look, request, Some(notice)).show(&context, &arrival.browser, status)
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
    let hash = match regain::chosen(&context, means, &form, None, &look).await? {
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
    let regaining = Regaining {
        context: &context,
        arrival: &arrival,
        look: &look,
        confirmed: &confirmed,
    };
    regaining.finish(tx, hash.as_deref(), now).await
}

/// `POST /auth/recover/password`
pub(super) async fn by_link(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let means = Means::of(&context)?;
    let look = reader.look(None, None);
    let token = form.get("token").unwrap_or_default();
    let again = |status: StatusCode, notice: &str| {
        link_page(means, &look, token, None, Some(notice)).show(&context, &arrival.browser, status)
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
    let hash = match regain::chosen(&context, means, &form, email, &look).await? {
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
    let regaining = Regaining {
        context: &context,
        arrival: &arrival,
        look: &look,
        confirmed: &confirmed,
    };
    regaining.finish(tx, hash.as_deref(), now).await
}
