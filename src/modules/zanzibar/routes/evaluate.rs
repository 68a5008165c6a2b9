//! Where questions are worked out.

use std::sync::Arc;

use assay_permissions::{CheckError, DEFAULT_BUDGET, Request, Snapshot};
use serde_json::{Map, Value};

use super::problem;
use crate::modules::{Context, Problem, zanzibar::View};

/// Steps that are taken where a request is served: a millisecond or two. More are taken elsewhere.
const QUICK: u64 = 10_000;

/// Works out what is mostly quick. What is not is begun anew beside the requests.
pub(in crate::modules::zanzibar) async fn quickly<T: Send + 'static>(
    context: &Context,
    view: &Arc<View>,
    given: Map<String, Value>,
    ask: impl Fn(&Snapshot, &Request<'_>) -> Result<T, CheckError> + Send + 'static,
) -> Result<T, Problem> {
    let request = Request {
        now: context.clock.now().as_i64(),
        context: &given,
        budget: QUICK,
    };
    match ask(&view.snapshot, &request) {
        Err(CheckError::Budget(_)) => {}
        outcome => return outcome.map_err(|error| problem::of_check(&error)),
    }
    thoroughly(context, view, given, ask).await
}

/// Works out what may take its time, beside the requests.
pub(in crate::modules::zanzibar) async fn thoroughly<T: Send + 'static>(
    context: &Context,
    view: &Arc<View>,
    given: Map<String, Value>,
    ask: impl Fn(&Snapshot, &Request<'_>) -> Result<T, CheckError> + Send + 'static,
) -> Result<T, Problem> {
    let now = context.clock.now().as_i64();
    let view = Arc::clone(view);
    let work = move || {
        let request = Request {
            now,
            context: &given,
            budget: DEFAULT_BUDGET,
        };
        ask(&view.snapshot, &request)
    };
    let outcome = context
        .tuples
        .pool()
        .run(work)
        .await
        .map_err(|_| Problem::unavailable("too many questions that take long at once", 1))??;
    outcome.map_err(|error| problem::of_check(&error))
}
