//! `/auth/upstream/{name}/link`: an identity has arrived that may be the account's of whoever is signed
//! in, and they are asked.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    joining::Joining,
    named,
    offer::{self, Offer},
    shown_name,
    trouble::Refused,
};
use crate::{
    generation::Upstream,
    modules::{
        Context, Problem,
        account::{recent_owner, recent_sender},
        form::StrictForm,
        oidc_provider,
        pages::{self, Look, Policy, Reader, languages},
        session::{
            ACCOUNT_PATH, ReturnTo, SignedIn, Visitor,
            csrf::{self, Bound},
        },
        sign_in::Arrival,
    },
};

#[derive(Template)]
#[template(path = "oidc_client/templates/offered.html")]
struct OfferedPage<'a> {
    look: &'a Look,
    texts: &'static languages::Upstream,
    provider: &'a str,
    identity: &'a str,
    person: &'a SignedIn,
    path: &'a str,
    csrf: &'a str,
}

/// Where somebody is asked.
pub(super) fn offered_path(upstream: &Upstream) -> String {
    format!("{}/{}/link", super::PATH, upstream.name)
}

/// `GET /auth/upstream/{name}/link`
pub(super) async fn show(
    State(context): State<Context>,
    Path(name): Path<String>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let path = offered_path(upstream);
    let person = match recent_owner(&context, visitor, &path) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let look = reader.look(None, Some(&person));
    let found = offer::find(&context, upstream, &arrival.browser).await;
    let Some(offer) = found.map_err(|error| Problem::internal(&error))? else {
        return Ok(Redirect::to(ACCOUNT_PATH).into_response());
    };
    let page = OfferedPage {
        look: &look,
        texts: &look.language.upstream,
        provider: shown_name(upstream),
        identity: offer.identity.shown(),
        person: &person,
        path: &path,
        csrf: &csrf::token(&context.keyring, Bound::Session(&person)),
    };
    // The answer leads on to where the person was going.
    let place = ReturnTo::wished(&context.site, Some(&offer.return_to));
    let mut policy = Policy::strict();
    if let Some(client) = oidc_provider::asking_client(&context, &place) {
        policy = policy.leading_to(&client.redirect_uri);
    }
    Ok(pages::page(StatusCode::OK, &page, &look, &policy))
}

/// `POST /auth/upstream/{name}/link`: links it with `decision=link`, and forgets it else.
pub(super) async fn decide(
    State(context): State<Context>,
    Path(name): Path<String>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let path = offered_path(upstream);
    let sender = recent_sender(&context, &arrival.headers, &reader, visitor, &form, &path);
    let person = match sender {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let mut tx = context.store.begin().await?;
    let taken = offer::take(&mut tx, &context, upstream, &arrival.browser).await;
    let taken = taken.map_err(|error| Problem::internal(&error))?;
    tx.commit().await?;
    let Some(Offer {
        identity,
        tokens,
        return_to,
    }) = taken
    else {
        return Ok(Redirect::to(ACCOUNT_PATH).into_response());
    };
    let place = ReturnTo::wished(&context.site, Some(&return_to));
    let look = reader.look(None, Some(&person));
    if form.get("decision") == Some("link") {
        let joining = Joining {
            context: &context,
            upstream,
            identity: &identity,
            tokens: &tokens,
            arrival: &arrival,
            person: Some(&person),
            return_to: &return_to,
            language: look.language,
        };
        let refusal = joining.link_to(&person).await;
        if let Some(refusal) = refusal.map_err(|error| Problem::internal(&error))? {
            let refused = Refused {
                context: &context,
                upstream,
                look: &look,
                return_to: &return_to,
            };
            let message = refused.texts().linked_elsewhere.plain(shown_name(upstream));
            return refused
                .because(refusal.reason(), &message, &arrival.address)
                .await;
        }
    }
    Ok(Redirect::to(place.as_str()).into_response())
}
