//! What a person is related to, for the claims of tokens.

use assay_permissions::{Answer, CheckError, Request, ResourcesQuestion};
use assay_reconciler::spec::{ModuleName, scope::RelatedObjects};
use serde_json::Map;

use crate::modules::Context;

/// Objects in one claim. A list that is cut short would say of the rest that the person has nothing to do
/// with it.
const MOST: usize = 1_000;
/// Steps that are taken where a request is served: a few milliseconds.
const BUDGET: u64 = 50_000;

/// Why nobody can say now what a person is related to.
#[derive(Debug, thiserror::Error)]
pub enum RelatedError {
    /// The tuples are not there yet.
    #[error("the tuples are being loaded")]
    Loading,
    /// The question has no answer.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// The ids of every object that the person is related to so, by names. Not those for which it depends on
/// the context of a request. `None` if there is no such relation in this generation, or they are more than
/// fit into a token.
pub fn objects_of(
    context: &Context,
    every: &RelatedObjects,
    user_id: &str,
) -> Result<Option<Vec<String>>, RelatedError> {
    if !context.snapshot.is_on(ModuleName::Zanzibar) {
        return Ok(None);
    }
    // Nobody waits here: tokens are made in transactions.
    let view = context.tuples.newest().ok_or(RelatedError::Loading)?;
    let question = ResourcesQuestion {
        resource_type: &every.object_type,
        relation: &every.relation,
        subject_type: &every.subject_type,
        subject_id: user_id,
        subject_relation: None,
        after: None,
        limit: MOST,
    };
    let request = Request {
        now: context.clock.now().as_i64(),
        context: &Map::new(),
        budget: BUDGET,
    };
    let page = match view.snapshot.lookup_resources(&question, &request) {
        Err(CheckError::Namespace(_) | CheckError::Relation(..)) => return Ok(None),
        page => page?,
    };
    if page.after.is_some() {
        tracing::warn!(
            user = user_id,
            object_type = every.object_type,
            relation = every.relation,
            "a claim is left out: it would name more than {MOST} objects"
        );
        return Ok(None);
    }
    let has = |(name, answer)| (answer == Answer::Has).then_some(name);
    Ok(Some(page.items.into_iter().filter_map(has).collect()))
}
