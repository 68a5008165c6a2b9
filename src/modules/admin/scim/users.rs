//! `/Users`

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::Map;

use super::{
    answer::Answer,
    directory::{Directory, Sent, Versions},
    document,
    error::ScimError,
    list::{self, Asked},
    patch,
    person::{Person, Wanted},
    schema::USER,
};
use crate::modules::Context;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/scim/v2/Users", get(find).post(create))
        .route(
            "/auth/scim/v2/Users/{id}",
            get(one).put(replace).patch(change).delete(delete),
        )
}

async fn find(
    _: Directory,
    State(context): State<Context>,
    asked: Asked,
) -> Result<Answer, ScimError> {
    let filter = asked.resolved(&USER)?;
    let (window, projection) = (asked.window, &asked.projection);
    let found = list::find::<Person>(&context, filter.as_ref(), window, projection).await?;
    Ok(Answer::list(found.total, window.start, found.resources))
}

async fn create(directory: Directory, asked: Asked, Sent(sent): Sent) -> Result<Answer, ScimError> {
    let wanted = Wanted::of(document::read(&USER, &sent)?)?;
    let id = directory.create(wanted).await?;
    shown(&directory.context, &id, &asked, StatusCode::CREATED).await
}

async fn one(
    _: Directory,
    State(context): State<Context>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Answer, ScimError> {
    shown(&context, &id, &asked, StatusCode::OK).await
}

/// RFC 7644 3.5.1. Whether the account is active stays, where nothing is said of it.
async fn replace(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
    asked: Asked,
    Sent(sent): Sent,
) -> Result<Answer, ScimError> {
    let wanted = document::read(&USER, &sent)?;
    directory
        .change(&id, &versions, |_| Ok(wanted.clone()))
        .await?;
    shown(&directory.context, &id, &asked, StatusCode::OK).await
}

async fn change(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
    asked: Asked,
    Sent(sent): Sent,
) -> Result<Answer, ScimError> {
    let changes = patch::read(&USER, &sent)?;
    directory
        .change(&id, &versions, |mut person: Map<_, _>| {
            for change in &changes {
                change.apply(&mut person)?;
            }
            Ok(person)
        })
        .await?;
    shown(&directory.context, &id, &asked, StatusCode::OK).await
}

async fn delete(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
) -> Result<StatusCode, ScimError> {
    directory.delete(&id, &versions).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(
    context: &Context,
    id: &str,
    asked: &Asked,
    status: StatusCode,
) -> Result<Answer, ScimError> {
    let with_groups = asked.projection.tells(&USER, "groups");
    let person = list::one::<Person>(context, id, with_groups).await?;
    let person = person.ok_or_else(|| ScimError::not_found("user"))?;
    let shown = asked.projection.show(&USER, &person);
    Ok(Answer::resource(status, &person, shown))
}
