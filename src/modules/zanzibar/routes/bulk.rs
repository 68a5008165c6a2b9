//! `POST /auth/zanzibar/import` and `GET /auth/zanzibar/export`: tuples as lines of JSON.

use assay_permissions::TupleLine;
use axum::{
    Json as Reply, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{LINES, listing::streamed};
use crate::modules::{
    Context, Problem,
    admin::{
        bulk::{Line, Pieces},
        credential::{Permitted, ZanzibarRead, ZanzibarWrite},
    },
    body,
    zanzibar::{
        Consistency,
        tuples::{MAX_UPDATES, Operation, Update, WriteError, Writer},
    },
};

/// Lines that are written at once.
const BATCH: usize = 5_000;
const _: () = assert!(BATCH <= MAX_UPDATES);
/// Tuples in a piece of an export.
const PIECE: usize = 1_000;
/// Pieces that may wait for whoever takes them.
const PIECES: usize = 4;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(
            "/auth/zanzibar/import",
            // The lines are taken while they come; how many there are does not matter.
            post(import).layer(DefaultBodyLimit::disable()),
        )
        .route("/auth/zanzibar/export", get(export))
}

#[derive(Debug, Serialize)]
struct Imported {
    /// Lines.
    tuples: u64,
    /// How many were not there before, or depended on something else.
    changed: u64,
    revision: String,
}

/// Takes the lines while they come, and writes them by thousands: what is there already is left as it is,
/// so an import that broke off is simply made once more.
async fn import(
    _: Permitted<ZanzibarWrite>,
    State(context): State<Context>,
    request: Request,
) -> Result<Reply<Imported>, Problem> {
    if !body::is_of_type(request.headers(), LINES) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(
            Problem::new(status, "bad-request", "Bad request").detail(format!(
                "the body must be {LINES}: one tuple a line, each a JSON object"
            )),
        );
    }
    let mut importer = Importer {
        context,
        batch: Vec::with_capacity(BATCH),
        lines: Vec::with_capacity(BATCH),
        tuples: 0,
        changed: 0,
        revision: None,
    };
    let mut pieces = Pieces::default();
    let mut body = request.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| {
            if body::is_length_limit(&error) {
                Problem::too_large(crate::server::limits::BODY_BYTES)
            } else {
                Problem::bad_request(
                    "the body could not be read to its end; what came before may be imported",
                )
            }
        })?;
        importer.take(pieces.take(&piece)).await?;
    }
    importer.take(pieces.finish().into_iter().collect()).await?;
    importer.finish().await.map(Reply)
}

struct Importer {
    context: Context,
    batch: Vec<Update>,
    /// The line that each of the batch came from.
    lines: Vec<u64>,
    tuples: u64,
    changed: u64,
    revision: Option<String>,
}

impl Importer {
    async fn take(&mut self, lines: Vec<Line>) -> Result<(), Problem> {
        for Line { number, text } in lines {
            let text = text.ok_or_else(|| wrong(number, "the line is too long"))?;
            let line: TupleLine =
                serde_json::from_slice(&text).map_err(|error| wrong(number, &error.to_string()))?;
            self.batch.push(Update {
                operation: Operation::Touch,
                tuple: line.into(),
            });
            self.lines.push(number);
            if self.batch.len() == BATCH {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Problem> {
        let context = &self.context;
        let view = context.view(&Consistency::MinimizeLatency).await?;
        let writer = Writer {
            store: &context.store,
            plan: &view.namespaces.plan,
            generation: view.generation,
            now: context.clock.now(),
        };
        let written = match writer.write(&self.batch, &[]).await {
            Ok(written) => written,
            Err(WriteError::Tuple { index, error }) => {
                let line = self.lines.get(index).copied().unwrap_or_default();
                return Err(wrong(line, &error.to_string()));
            }
            Err(WriteError::Twice { index, tuple, .. }) => {
                let line = self.lines.get(index).copied().unwrap_or_default();
                return Err(wrong(line, &format!("`{tuple}` is there twice")));
            }
            Err(error) => return Err(error.into()),
        };
        context.tuples.take_over(&written);
        self.tuples += self.batch.len() as u64;
        self.changed += written.changed;
        self.revision = Some(view.token_of(written.revision, &context.keyring));
        self.batch.clear();
        self.lines.clear();
        Ok(())
    }

    async fn finish(mut self) -> Result<Imported, Problem> {
        if !self.batch.is_empty() {
            self.write().await?;
        }
        let revision = if let Some(revision) = self.revision {
            revision
        } else {
            let view = self.context.view(&Consistency::MinimizeLatency).await?;
            view.token.clone()
        };
        Ok(Imported {
            tuples: self.tuples,
            changed: self.changed,
            revision,
        })
    }
}

/// Whole thousands before this line are imported.
fn wrong(line: u64, what: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid-lines",
        "Invalid lines",
    )
    .detail(format!(
        "line {line}: {what}; lines before it may be imported, and are left alone when they come again"
    ))
    .with("line", line)
}

/// Every tuple that has not expired, of one revision.
async fn export(
    _: Permitted<ZanzibarRead>,
    State(context): State<Context>,
) -> Result<Response, Problem> {
    let view = context.view(&Consistency::FullyConsistent).await?;
    let revision = view.token.clone();
    let now = context.clock.now().as_i64();
    let (sender, receiver) = mpsc::channel::<Bytes>(PIECES);
    // The list borrows from the view, so one thread goes through it from beginning to end.
    tokio::task::spawn_blocking(move || {
        let mut piece = String::new();
        let tuples = view.snapshot.tuples();
        let tuples = tuples.filter(|tuple| tuple.expires_at.is_none_or(|end| end > now));
        for (number, tuple) in (1..).zip(tuples) {
            // A tuple is always JSON.
            if let Ok(line) = serde_json::to_string(&TupleLine::from(tuple)) {
                piece.push_str(&line);
                piece.push('\n');
            }
            if number % PIECE == 0
                && sender
                    .blocking_send(Bytes::from(std::mem::take(&mut piece)))
                    .is_err()
            {
                return;
            }
        }
        // Nobody may be there any more.
        let _ = sender.blocking_send(Bytes::from(piece));
    });
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), receiver))
    });
    Ok(streamed(Body::from_stream(pieces), &revision))
}
