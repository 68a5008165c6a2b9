//! Module `zanzibar`: who may do what, by tuples and namespaces.
//!
//! The tuples are in the database ([`tuples`]), and in the memory of every server ([`index`]), where
//! questions are answered: a check does not ask the database. [`routes`] is what services speak to. The
//! engine itself, which knows neither HTTP nor SQL, is the crate `assay-permissions`.

mod authzen;
mod desk;
mod index;
mod reap;
mod related;
mod routes;
pub mod tuples;

use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use self::index::Namespaces;
pub use self::{
    desk::{Desk, DeskError, LineError},
    index::{Consistency, LoadError, PinError, RevisionError, Tuples, View},
    related::{RelatedError, objects_of},
};
use super::Context;

/// Where the routes of this module are.
pub const PATH: &str = "/auth/zanzibar";

/// Paths of OpenID AuthZEN.
pub const AUTHZEN_PATHS: [&str; 2] = [authzen::PATH, authzen::CONFIGURATION_PATH];

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    let generation = context.snapshot.generation;
    let before = context.tuples.wanted().map(|(_, namespaces)| namespaces);
    match Namespaces::of(&context.snapshot, before) {
        Ok(namespaces) => context.tuples.serve(generation, &namespaces),
        // An apply refuses them; so they are of another version. Whoever asks is told to come back.
        Err(error) => {
            tracing::error!(%generation, "the namespaces cannot be served: {error}");
        }
    }
    routes::router()
        .merge(authzen::router())
        .with_state(context.clone())
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        Box::pin(index::run(context.clone(), stop.clone())),
        Box::pin(reap::run(context.clone(), stop)),
    ]
}

impl Context {
    /// The tuples as new as is asked for, under namespaces that are not older than this generation's.
    pub async fn view(&self, consistency: &Consistency) -> Result<Arc<View>, PinError> {
        let generation = self.snapshot.generation;
        self.tuples.pin(&self.store, generation, consistency).await
    }
}
