//! `/auth/account`: what the signed-in person sees of themselves, and how they leave.

use askama::Template;
use assay_reconciler::spec::ModuleName;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    ACCOUNT_PATH, ClientAddress, SessionSummary, SignedIn, SignedOut, Visitor,
    csrf::{self, Bound},
    end, record,
    return_to::with_return_to,
    signed_out_page,
};
use crate::{
    generation::Snapshot,
    modules::{
        Context, Problem,
        form::StrictForm,
        oidc_provider::{self, ClientAccess, Withdrawal},
        pages::{self, Link, Look, Policy, Reader, Trouble, languages},
        parameters::Parameters,
    },
};

#[derive(Template)]
#[template(path = "session/templates/account.html")]
struct AccountPage<'a> {
    look: &'a Look,
    snapshot: &'a Snapshot,
    texts: &'static languages::Account,
    person: &'a SignedIn,
    sessions: &'a [SessionSummary],
    access: &'a [ClientAccess],
    csrf: &'a str,
}

impl AccountPage<'_> {
    fn browser<'a>(&'a self, session: &'a SessionSummary) -> &'a str {
        session
            .user_agent
            .as_deref()
            .unwrap_or(self.texts.unknown_browser)
    }
}

/// `GET /auth/account`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let Some(person) = visitor.person else {
        return Ok(Redirect::to(&with_return_to("/auth/login", ACCOUNT_PATH)).into_response());
    };
    let now = context.clock.now();
    let sessions = record::sessions_of(&context.store, &person.user_id, now).await?;
    let look = reader.look(None, Some(&person));
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
    let page = AccountPage {
        look: &look,
        snapshot: &context.snapshot,
        texts: &look.language.account,
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
        signed_out = end::sign_out(&context, &person, &address).await?;
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
    let person = match sender(&context, &headers, &reader, visitor, &form) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    if let Some(id) = form.get("session") {
        end::end_session(&mut tx, &person.user_id, id, now).await?;
    } else {
        let keep = Some(person.session_id.as_str());
        end::end_sessions_of(&mut tx, &person.user_id, keep, now).await?;
    }
    end::record(&mut tx, &person, "session.end", &address, now).await?;
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
    let person = match sender(&context, &headers, &reader, visitor, &form) {
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

/// The person who sent a form of ours; else what they are shown.
fn sender(
    context: &Context,
    headers: &HeaderMap,
    reader: &Reader,
    visitor: Visitor,
    form: &Parameters,
) -> Result<SignedIn, Box<Response>> {
    let Some(person) = visitor.person else {
        let sign_in = with_return_to("/auth/login", ACCOUNT_PATH);
        return Err(Box::new(Redirect::to(&sign_in).into_response()));
    };
    if csrf::is_ours(context, headers, Bound::Session(&person), form) {
        Ok(person)
    } else {
        Err(Box::new(stale(&reader.look(None, Some(&person)))))
    }
}

fn stale(look: &Look) -> Response {
    let texts = &look.language.account;
    Trouble {
        look,
        title: texts.stale,
        message: texts.stale_message,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: look.language.common.open_account,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}
