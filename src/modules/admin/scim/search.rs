//! `POST /.search`: a list whose parameters are in no URL, and so in no log (RFC 7644 3.4.3).

use axum::{Router, extract::State, routing::post};

use super::{
    answer::Answer,
    directory::{Directory, Sent},
    error::ScimError,
    list::{self, Asked, Found, Listed, Window},
    person::Person,
};
use crate::modules::{Context, user::Group};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/scim/v2/.search", post(search_all))
        .route("/auth/scim/v2/Users/.search", post(search::<Person>))
        .route("/auth/scim/v2/Groups/.search", post(search::<Group>))
}

async fn search<L: Listed>(
    _: Directory,
    State(context): State<Context>,
    Sent(sent): Sent,
) -> Result<Answer, ScimError> {
    let asked = Asked::of(&sent)?;
    list::found::<L>(&context, &asked).await
}

/// People, and then groups. A filter over attributes that one of them does not have finds none of it.
async fn search_all(
    _: Directory,
    State(context): State<Context>,
    Sent(sent): Sent,
) -> Result<Answer, ScimError> {
    let asked = Asked::of(&sent)?;
    let window = asked.window;
    let people = list::find::<Person>(&context, &asked, window).await;
    let (people, refused) = match people {
        Ok(people) => (people, None),
        Err(refused) if refused.is_filter() => (Found::nothing(), Some(refused)),
        Err(refused) => return Err(refused),
    };
    let rest = Window {
        start: window.start.saturating_sub(people.total).max(1),
        count: window.count - people.resources.len(),
    };
    let groups = match (list::find::<Group>(&context, &asked, rest).await, refused) {
        (Ok(groups), _) => groups,
        (Err(refused), None) if refused.is_filter() => Found::nothing(),
        (Err(refused), _) => return Err(refused),
    };
    let mut resources = people.resources;
    resources.extend(groups.resources);
    Ok(Answer::list(
        people.total + groups.total,
        window.start,
        resources,
    ))
}
