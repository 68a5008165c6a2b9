//! `/auth/account/linked`: the identities at upstream providers that an account can be got into with.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{
    link::{self, Linked},
    named, shown_name,
    start::{self, Errand},
    trouble::Refused,
    usable,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        account::{recent_owner, recent_sender},
        form::StrictForm,
        mail::{self, Letter, Recipient},
        pages::{self, Look, Policy, Reader, languages},
        session::{
            SignedIn, Visitor,
            csrf::{self, Bound},
        },
        sign_in::{Arrival, leaves_a_way},
    },
};

/// Where the page is.
pub const LINKED_PATH: &str = "/auth/account/linked";

#[derive(Template)]
#[template(path = "oidc_client/templates/linked.html")]
struct LinkedPage<'a> {
    look: &'a Look,
    texts: &'static languages::Upstream,
    notice: Option<&'a str>,
    links: Vec<Shown<'a>>,
    providers: Vec<Offered<'a>>,
    csrf: &'a str,
}

/// A provider at which an identity can be linked.
struct Offered<'a> {
    name: &'a str,
    shown: &'a str,
}

/// A link in the list.
struct Shown<'a> {
    id: &'a str,
    provider: &'a str,
    identity: &'a str,
    since: UnixMillis,
}

/// `GET /auth/account/linked`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = match recent_owner(&context, visitor, LINKED_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let look = reader.look(None, Some(&person));
    page(&context, &look, &person, StatusCode::OK, None).await
}

async fn page(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    status: StatusCode,
    notice: Option<&str>,
) -> Result<Response, Problem> {
    let all = link::all_of(&context.store, &person.user_id).await?;
    let shown = |linked: &'_ Linked| {
        let upstream = context.snapshot.upstream_by_uid(&linked.upstream_id);
        upstream.map(|upstream| shown_name(upstream).to_owned())
    };
    let names: Vec<Option<String>> = all.iter().map(shown).collect();
    let links = all.iter().zip(&names).map(|(linked, name)| Shown {
        id: &linked.id,
        provider: name.as_deref().unwrap_or("?"),
        identity: &linked.shown,
        since: linked.created_at,
    });
    let providers = usable(&context.snapshot);
    let mut policy = Policy::strict();
    for upstream in &providers {
        // The answer to the form leads the browser there.
        policy = policy.leading_to(upstream.spec.issuer.as_str());
    }
    let providers = providers.into_iter().map(|upstream| Offered {
        name: &upstream.name,
        shown: shown_name(upstream),
    });
    let page = LinkedPage {
        look,
        texts: &look.language.upstream,
        notice,
        links: links.collect(),
        providers: providers.collect(),
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
    };
    Ok(pages::page(status, &page, look, &policy))
}

/// `POST /auth/account/linked/link`: begins to link an identity at the provider `upstream`.
pub(super) async fn link(
    State(context): State<Context>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let headers = &arrival.headers;
    let person = match recent_sender(&context, headers, &reader, visitor, &form, LINKED_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let name = form.get("upstream").unwrap_or_default();
    let upstream = named(&context, name).ok_or_else(Problem::not_found)?;
    let errand = Errand {
        return_to: LINKED_PATH,
        link_to: Some(person.user_id.clone()),
        not_before: None,
    };
    match start::send(&context, upstream, &arrival, errand).await {
        Ok(response) => Ok(response),
        Err(error) => {
            let refused = Refused {
                context: &context,
                upstream,
                look: &reader.look(None, Some(&person)),
                return_to: LINKED_PATH,
            };
            refused.by(&error, &arrival.address).await
        }
    }
}

/// `POST /auth/account/linked/unlink`: takes the link `link` away, unless it is the last way in.
pub(super) async fn unlink(
    State(context): State<Context>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let headers = &arrival.headers;
    let person = match recent_sender(&context, headers, &reader, visitor, &form, LINKED_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let id = form.get("link").unwrap_or_default();
    let look = reader.look(None, Some(&person));
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    if let Some(upstream_id) = link::delete(&mut tx, &person.user_id, id).await? {
        if !leaves_a_way(&mut tx, &context, &person.user_id).await? {
            tx.rollback().await?;
            let notice = look.language.upstream.last_way;
            return page(&context, &look, &person, StatusCode::CONFLICT, Some(notice)).await;
        }
        let upstream = context.snapshot.upstream_by_uid(&upstream_id);
        let mut detail = serde_json::Map::new();
        detail.insert(
            "upstream".into(),
            json!(upstream.map(|upstream| &upstream.name)),
        );
        let (user_id, ip) = (&person.user_id, arrival.address.text());
        link::record(&mut tx, "user.upstream_unlinked", user_id, detail, ip, now).await?;
        if let Some(upstream) = upstream {
            let provider = shown_name(upstream);
            let to = Recipient::signed_in(&person, look.language);
            let letter = Letter::AccountUnlinked { provider };
            mail::queue(&mut tx, &context, &to, letter, now).await?;
        }
    }
    tx.commit().await?;
    context.mails.wake();
    Ok(Redirect::to(LINKED_PATH).into_response())
}
