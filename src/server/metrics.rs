//! `/metrics`: what a Prometheus server reads.
//!
//! Labels have few values: the templates of routes, the methods that are known, status codes. What a
//! client sends never becomes a label.

use std::{
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};

use assay_reconciler::diff::Generation;
use axum::{
    extract::{MatchedPath, State},
    http::{HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

use super::shared::Shared;
use crate::modules::{Problem, mail::Mails, oidc_provider::LogoutNotices};

/// Seconds: a token costs half a millisecond, a password fifty.
const BUCKETS: [f64; 12] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0,
];
/// The route of requests that met none.
const NO_ROUTE: &str = "none";

/// What is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    pub(super) requests_in_flight: Gauge,
    pub(super) connections: Gauge,
    pub(super) connections_accepted: Counter,
    pub(super) panics: Counter,
    pub(super) snapshot_failures: Counter,
    generation: Gauge,
    swaps: Counter,
    swap_durations: Histogram,
}

#[derive(Clone, Debug, Eq, PartialEq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Route,
    status: u16,
}

#[derive(Clone, Debug, Eq, PartialEq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: Route,
}

/// The template of a route; cloning it copies no text.
#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or(NO_ROUTE, MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        self.as_str().encode(encoder)
    }
}

impl Metrics {
    pub(super) fn new(
        database: &'static str,
        logout_notices: &LogoutNotices,
        mails: &Mails,
    ) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut metrics = Self {
            registry: Registry::with_prefix("assay"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            requests_in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            panics: Counter::default(),
            snapshot_failures: Counter::default(),
            generation: Gauge::default(),
            swaps: Counter::default(),
            swap_durations: Histogram::new(BUCKETS),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "build",
            "What is running",
            Info::new([
                ("version", env!("CARGO_PKG_VERSION")),
                ("database", database),
            ]),
        );
        registry.register(
            "http_requests",
            "Requests answered",
            metrics.requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "From the end of the request's headers to the beginning of the response",
            metrics.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests being answered",
            metrics.requests_in_flight.clone(),
        );
        registry.register(
            "http_connections",
            "Connections open",
            metrics.connections.clone(),
        );
        registry.register(
            "http_connections_accepted",
            "Connections accepted",
            metrics.connections_accepted.clone(),
        );
        registry.register(
            "http_panics",
            "Requests whose handler panicked",
            metrics.panics.clone(),
        );
        registry.register(
            "generation",
            "The generation of the configuration in service",
            metrics.generation.clone(),
        );
        registry.register(
            "swaps",
            "Times a new configuration or new keys were put into service",
            metrics.swaps.clone(),
        );
        registry.register(
            "swap_duration_seconds",
            "From noticing a change to having it in service",
            metrics.swap_durations.clone(),
        );
        registry.register(
            "snapshot_failures",
            "Attempts at a new configuration that failed, so that the old one stayed",
            metrics.snapshot_failures.clone(),
        );
        registry.register(
            "logout_notices",
            "Attempts to tell a client of a logout, by outcome",
            logout_notices.outcomes(),
        );
        registry.register(
            "mails",
            "Attempts to deliver a mail, by outcome",
            mails.outcomes(),
        );
        metrics
    }

    /// Counts one answered request.
    pub(super) fn answered(
        &self,
        method: &Method,
        route: Option<MatchedPath>,
        status: StatusCode,
        took: Duration,
    ) {
        let route = Route(route);
        let labels = RequestLabels {
            method: known(method),
            route: route.clone(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        self.durations
            .get_or_create(&RouteLabel { route })
            .observe(took.as_secs_f64());
    }

    /// Notes which generation is in service.
    pub(super) fn serves(&self, generation: Generation) {
        self.generation.set(generation.0);
    }

    /// Counts one swap.
    pub(super) fn swapped(&self, generation: Generation, took: Duration) {
        self.serves(generation);
        self.swaps.inc();
        self.swap_durations.observe(took.as_secs_f64());
    }
}

/// `GET /metrics`.
pub(super) async fn render(State(shared): State<Shared>) -> Response {
    let mut body = String::with_capacity(8 * 1024);
    match text::encode(&mut body, &shared.metrics.registry) {
        Ok(()) => {
            let content_type = HeaderValue::from_static(
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            );
            ([(CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}

fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// Counts up now, and down when it is dropped.
pub(super) struct Counted<'g>(&'g Gauge);

impl<'g> Counted<'g> {
    pub(super) fn one(gauge: &'g Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
