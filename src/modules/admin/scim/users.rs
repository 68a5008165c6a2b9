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
    list::found::<Person>(&context, &asked).await
}

async fn create(directory: Directory, asked: Asked, Sent(sent): Sent) -> Result<Answer, ScimError> {
    let wanted = Wanted::of(document::read(&USER, &sent)?)?;
    let id = directory.create(wanted).await?;
    list::shown::<Person>(&directory.context, &id, &asked, StatusCode::CREATED).await
}

async fn one(
    _: Directory,
    State(context): State<Context>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Answer, ScimError> {
    list::shown::<Person>(&context, &id, &asked, StatusCode::OK).await
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
    list::shown::<Person>(&directory.context, &id, &asked, StatusCode::OK).await
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
    list::shown::<Person>(&directory.context, &id, &asked, StatusCode::OK).await
}

async fn delete(
    directory: Directory,
    Path(id): Path<String>,
    versions: Versions,
) -> Result<StatusCode, ScimError> {
    directory.delete(&id, &versions).await?;
    Ok(StatusCode::NO_CONTENT)
}
