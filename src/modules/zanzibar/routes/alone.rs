//! The same answers where no server gives them.

use assay_permissions::{CheckError, DEFAULT_BUDGET, Request, Snapshot};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    asked::{Answered, AskedOnce},
    expand::{self, ExpandRequest},
    explain,
    listing::Listing,
    lookup_resources::ResourcesRequest,
    lookup_subjects::SubjectsRequest,
    problem,
};
use crate::modules::{Problem, zanzibar::View};

/// What is said to a body at this path, of one view. How new it is to be is not looked at: it has just
/// been made.
pub(in crate::modules::zanzibar) fn alone(
    view: &View,
    path: &str,
    body: Value,
    now: i64,
) -> Result<Value, Problem> {
    let request = |context| Request {
        now,
        context,
        budget: DEFAULT_BUDGET,
    };
    let snapshot = &view.snapshot;
    let said = match path {
        "check" => {
            let (asked, given, _) = read::<AskedOnce>(body)?.split();
            let answer = snapshot.check(&asked.question(), &request(&given));
            answer.map(|answer| json!(Answered::from(answer)))
        }
        "explain" => {
            let (asked, given, _) = read::<AskedOnce>(body)?.split();
            let explanation = snapshot.explain(&asked.question(), &request(&given));
            explanation.map(explain::explained)
        }
        "expand" => {
            let body: ExpandRequest = read(body)?;
            let taken_apart =
                snapshot.expand(&body.object(), &body.relation, &request(&Map::new()));
            taken_apart.map(|tree| json!({ "tree": expand::tree(tree) }))
        }
        "lookup-resources" => whole(&read::<ResourcesRequest>(body)?, snapshot, &request),
        "lookup-subjects" => whole(&read::<SubjectsRequest>(body)?, snapshot, &request),
        _ => return Err(Problem::not_found()),
    };
    let mut said = said.map_err(|error: CheckError| problem::of_check(&error))?;
    said["revision"] = view.token.as_str().into();
    Ok(said)
}

/// A whole list as one page.
fn whole<'a, L: Listing>(
    asked: &'a L,
    snapshot: &Snapshot,
    request: &impl Fn(&'a Map<String, Value>) -> Request<'a>,
) -> Result<Value, CheckError> {
    let request = request(asked.paging().context);
    let page = asked.find(snapshot, &request, None, usize::MAX)?;
    Ok(L::page(page, None))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Problem> {
    serde_json::from_value(body).map_err(|error| Problem::bad_request(error.to_string()))
}
