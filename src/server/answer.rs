//! What every request and every response goes through.

use std::{
    any::Any,
    convert::Infallible,
    fmt::Write as _,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, MatchedPath},
    http::{
        HeaderValue, Method, Request, StatusCode, Uri,
        header::{CONNECTION, CONTENT_LENGTH},
    },
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use http_body_util::Limited;
use hyper::body::Incoming;
use tokio::time::timeout;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::{headers, limits, live::Running, metrics::Counted, path, shared::Front};
use crate::modules::Problem;

/// Numbers the requests of this process.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

/// Answers one request from one generation.
pub(super) async fn answer(
    front: &Front,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response {
    let began = Instant::now();
    let _in_flight = Counted::one(&front.metrics.requests_in_flight);
    let running = front.live.load();
    let method = request.method().clone();
    let id = request_id(front.request_prefix);

    let mut response = if tracing::enabled!(tracing::Level::DEBUG) {
        // Without the query, which carries codes and states.
        let path = request.uri().path().to_owned();
        let span = tracing::debug_span!("request", id = id.to_str().unwrap_or_default());
        let response = route(front, &running, peer, request)
            .instrument(span.clone())
            .await;
        let _entered = span.enter();
        let took = began.elapsed();
        let status = response.status().as_u16();
        tracing::debug!(%method, path, status, ?took, generation = %running.generation, %peer);
        response
    } else {
        route(front, &running, peer, request).await
    };

    let template = response.extensions_mut().remove::<MatchedPath>();
    front
        .metrics
        .answered(&method, template, response.status(), began.elapsed());
    let headers = response.headers_mut();
    headers.insert(headers::ASSAY_GENERATION, running.header.clone());
    headers.insert(headers::REQUEST_ID, id);
    headers::protect(headers, front.is_https);
    response
}

/// Refuses what no handler should see, and lets the router do the rest. A panic and a handler that
/// takes too long end here.
async fn route(
    front: &Front,
    running: &Running,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response {
    if let Err(problem) = check(request.method(), request.uri(), &request) {
        return problem.into_response();
    }
    let mut request = request.map(|body| Body::new(Limited::new(body, limits::BODY_BYTES)));
    let origin = front.proxies.origin(peer, request.headers());
    if let Some(certificate) = front.proxies.certificate(peer, request.headers()) {
        request.extensions_mut().insert(certificate);
    }
    request.extensions_mut().insert(ConnectInfo(origin));
    let handled = AssertUnwindSafe(running.router.clone().oneshot(request)).catch_unwind();
    match timeout(limits::REQUEST, handled).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => impossible(never),
        Ok(Err(panic)) => {
            front.metrics.panics.inc();
            Problem::internal(&Panicked(message(panic.as_ref()))).into_response()
        }
        Err(_) => too_slow(),
    }
}

fn check(method: &Method, uri: &Uri, request: &Request<Incoming>) -> Result<(), Problem> {
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(Problem::method_not_allowed());
    }
    if !path::is_plain(uri.path()) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "ambiguous-path",
            "Ambiguous path",
        )
        .detail(
            "the path has empty or dot segments, parameters, or characters that programs read differently",
        ));
    }
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits::BODY_BYTES as u64) {
        return Err(Problem::too_large(limits::BODY_BYTES)
            .header(CONNECTION, HeaderValue::from_static("close")));
    }
    Ok(())
}

fn too_slow() -> Response {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Took too long")
        .detail(format!(
            "the request was not complete, or not answered, after {} s",
            limits::REQUEST.as_secs()
        ))
        .header(CONNECTION, HeaderValue::from_static("close"))
        .into_response()
}

fn impossible(never: Infallible) -> Response {
    match never {}
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

fn request_id(prefix: u32) -> HeaderValue {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let mut text = String::with_capacity(17);
    let _ = write!(text, "{prefix:08x}-{number:08x}");
    // Hex digits and a hyphen are always a header value.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("-"))
}
