//! `POST /auth/admin/auth/users/import` and `GET /auth/admin/auth/users/export`.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, Request, State, rejection::QueryRejection},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;

use super::{Hashes, ImportOptions, Imported, Importer, PAGE, Pieces};
use crate::modules::{
    Context, Problem,
    admin::{
        MAX_BODY, Refusal,
        credential::{Permitted, UsersExport, UsersRead, UsersWrite},
    },
    body,
};

/// What lines of JSON are called.
const MEDIA_TYPE: &str = "application/x-ndjson";

/// Which part of the people to export.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExportQuery {
    /// Whether password hashes go along that are of use elsewhere.
    #[serde(default)]
    password_hashes: bool,
    /// Those after the one with this id.
    #[serde(default)]
    after: String,
    /// How many at most.
    #[serde(default)]
    limit: Option<u32>,
}

pub(in crate::modules::admin) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/users/import", post(import))
        .route("/auth/admin/auth/users/export", get(export))
}

/// Takes the lines while they come.
async fn import(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    options: Result<Query<ImportOptions>, QueryRejection>,
    request: Request,
) -> Result<Json<Imported>, Problem> {
    let Query(options) = options.map_err(|error| Problem::bad_request(error.body_text()))?;
    if !body::is_of_type(request.headers(), MEDIA_TYPE) {
        let kind = (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "bad-request",
            "Bad request",
        );
        let detail =
            format!("the body must be {MEDIA_TYPE}: one person a line, each a JSON object");
        return Err(Problem::new(kind.0, kind.1, kind.2).detail(detail));
    }
    let mut importer = Importer::new(permitted.administration, options).await?;
    let mut pieces = Pieces::default();
    let mut body = request.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| unreadable(&error))?;
        importer.take(pieces.take(&piece)).await?;
    }
    importer.take(pieces.finish().into_iter().collect()).await?;
    let imported = importer.finish().await?;
    // Accounts may have been closed.
    context.logout_notices.wake();
    if imported.problem_count > 0 {
        return Err(Refusal::Lines(Box::new(imported)).into());
    }
    Ok(Json(imported))
}

fn unreadable(error: &axum::Error) -> Problem {
    if body::is_length_limit(error) {
        Problem::too_large(MAX_BODY)
    } else {
        Problem::bad_request(
            "the body could not be read to its end; what came before may be imported",
        )
    }
}

/// Gives the lines while they are read.
async fn export(
    permitted: Permitted<UsersRead>,
    may_take_hashes: Result<Permitted<UsersExport>, Problem>,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let hashes = if query.password_hashes {
        may_take_hashes?;
        Hashes::Taken
    } else {
        Hashes::Left
    };
    let administration = permitted.administration;
    administration.begin_export(hashes).await?;
    // From where on, and how many are still wanted.
    let begin = Some((query.after, query.limit.unwrap_or(u32::MAX)));
    let lines = stream::try_unfold(begin, move |state| {
        let administration = administration.clone();
        async move {
            let Some((after, left)) = state.filter(|(_, left)| *left > 0) else {
                return Ok::<_, Refusal>(None);
            };
            let page = left.min(PAGE);
            let page = administration.export_users(&after, page, hashes).await?;
            let people = u32::try_from(page.people).unwrap_or(u32::MAX);
            let next = page.next.map(|next| (next, left.saturating_sub(people)));
            Ok(Some((Bytes::from(page.lines), next)))
        }
    });
    // An error breaks the connection off, so nobody takes a part for the whole.
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
