//! The routes of one generation.

use std::{
    convert::Infallible,
    task::{self, Poll},
};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::Uri,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use tower::{Layer, Service};

use super::{fallback::Absent, health, metrics, shared::Shared};
use crate::modules::{Context, Module, Problem};

/// Puts together the routes of the modules that are on, and the server's own.
pub(super) fn router(context: &Context, modules: &[Module], shared: &Shared) -> Router {
    let own = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::render))
        .with_state(shared.clone());
    let absent = Absent::of(&context.snapshot, modules);
    modules
        .iter()
        .filter(|module| context.snapshot.is_on(module.name))
        .fold(own, |router, module| router.merge((module.routes)(context)))
        .route_layer(NameRoute)
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .fallback(move |uri: Uri| {
            let problem = absent.answer(&uri);
            async move { problem }
        })
}

/// Lets the response carry the template of its route, for metrics: the router alone knows it.
#[derive(Clone)]
struct NameRoute;

impl<S> Layer<S> for NameRoute {
    type Service = NamedRoute<S>;

    fn layer(&self, inner: S) -> NamedRoute<S> {
        NamedRoute(inner)
    }
}

#[derive(Clone)]
struct NamedRoute<S>(S);

impl<S> Service<Request> for NamedRoute<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let response = self.0.call(request);
        Box::pin(async move {
            let mut response = response.await?.into_response();
            if let Some(route) = route {
                response.extensions_mut().insert(route);
            }
            Ok(response)
        })
    }
}
