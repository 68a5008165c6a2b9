//! `/auth/account`: what the signed-in person sees of themselves, and how they leave.

use askama::Template;
use assay_reconciler::spec::ModuleName;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    links::{self, AccountLink},
    owner::{sender, sign_in_first, stale},
};
use crate::{
    generation::Snapshot,
    modules::{
        Context, Problem,
        form::StrictForm,
        oidc_provider::{self, ClientAccess, Withdrawal},
        pages::{self, Look, Policy, Reader, languages},
        session::{
            self, ACCOUNT_PATH, ClientAddress, Device, SessionSummary, SignedIn, SignedOut,
            Visitor,
            csrf::{self, Bound},
            signed_out_page,
        },
    },
};

#[derive(Template)]
#[template(path = "account/templates/overview.html")]
struct OverviewPage<'a> {
    look: &'a Look,
    snapshot: &'a Snapshot,
    texts: &'static languages::Account,
    person: &'a SignedIn,
    links: &'a [AccountLink],
    sessions: &'a [SessionSummary],
    access: &'a [ClientAccess],
    csrf: &'a str,
}

impl OverviewPage<'_> {
    fn browser(&self, session: &SessionSummary) -> String {
        match &session.user_agent {
            Some(text) => Device::of(text).named(self.look.language).to_string(),
            None => self.texts.unknown_browser.to_owned(),
        }
    }
}

/// `GET /auth/account`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let Some(person) = visitor.person else {
        return Ok(sign_in_first(ACCOUNT_PATH));
    };
    let now = context.clock.now();
    let mut sessions = session::sessions_of(&context.store, &person.user_id, now).await?;
    let look = reader.look(None, Some(&person));
    session::place::fill_in(&context, &mut sessions, look.language).await;
    let access = if context.snapshot.is_on(ModuleName::OidcProvider) {
        let snapshot = &context.snapshot;
        oidc_provider::access_of(
            &context.store,
            snapshot,
            &context.site.issuer,
            &person.user_id,
            now,
        )
        .await?
    } else {
        Vec::new()
    };
    let page = OverviewPage {
        look: &look,
        snapshot: &context.snapshot,
        texts: &look.language.account,
        links: &links::of(&context, look.language),
        sessions: &sessions,
        access: &access,
        csrf: &csrf::token(&context.keyring, Bound::Session(&person)),
        person: &person,
    };
    Ok(pages::page(StatusCode::OK, &page, &look, &Policy::strict()))
}

/// `POST /auth/account/sign-out`
pub(super) async fn sign_out(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let look = reader.look(None, visitor.person.as_ref());
    let mut signed_out = SignedOut::default();
    if let Some(person) = visitor.person {
        if !csrf::is_ours(&context, &headers, Bound::Session(&person), &form) {
            return Ok(stale(&look));
        }
        signed_out = session::sign_out(&context, &person, &address).await?;
    }
    let mut response = signed_out_page(&context.site, &look, &signed_out.pages, None);
    if let Some(cookie) = signed_out.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /auth/account/sessions/end`: one session (`session`), or every other one.
pub(super) async fn end(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match sender(&context, &headers, &reader, visitor, &form, ACCOUNT_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    if let Some(id) = form.get("session") {
        session::end_session(&mut tx, &person.user_id, id, now).await?;
    } else {
        let keep = Some(person.session_id.as_str());
        session::end_sessions_of(&mut tx, &person.user_id, keep, now).await?;
    }
    session::record_of(&mut tx, &person, "session.end", &address, now).await?;
    tx.commit().await?;
    context.logout_notices.wake();
    Ok(Redirect::to(ACCOUNT_PATH).into_response())
}

/// `POST /auth/account/access/withdraw`: all that the client (`client`) was given.
pub(super) async fn withdraw(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match sender(&context, &headers, &reader, visitor, &form, ACCOUNT_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let name = form.get("client").unwrap_or_default();
    if let Some(client) = context.snapshot.client(name) {
        let now = context.clock.now();
        let (user_id, actor) = (&person.user_id, format!("user:{}", person.user_id));
        let mut tx = context.store.begin().await?;
        let by = Withdrawal {
            user_id,
            client,
            actor: &actor,
            ip: address.text(),
        };
        oidc_provider::withdraw_access(&mut tx, by, now).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(ACCOUNT_PATH).into_response())
}
