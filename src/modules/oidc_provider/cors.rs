//! Which browser applications may call us from their own origin (Fetch, CORS protocol).

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
    middleware::Next,
    response::Response,
};
use url::Url;

use crate::generation::Snapshot;

/// The origins of `allowedOrigins` of all clients that are on. A preflight does not say which client
/// sends it; what may be done then depends on the client's own credentials, never on cookies.
#[derive(Clone)]
pub(super) struct Origins {
    snapshot: Arc<Snapshot>,
    // Made when a browser first asks: a generation with ten thousand clients is swapped in no time.
    known: Arc<OnceLock<HashSet<String>>>,
}

impl Origins {
    pub(super) fn of(snapshot: &Arc<Snapshot>) -> Self {
        Self {
            snapshot: Arc::clone(snapshot),
            known: Arc::default(),
        }
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        let known = self.known.get_or_init(|| {
            let clients = self.snapshot.clients();
            clients
                .into_iter()
                .filter(|client| client.spec.enabled)
                .flat_map(|client| &client.spec.allowed_origins)
                .filter_map(|uri| Url::parse(uri.as_str()).ok())
                .map(|uri| uri.origin().ascii_serialization())
                .collect()
        });
        origin.to_str().is_ok_and(|origin| known.contains(origin))
    }
}

/// `OPTIONS` on these endpoints: [`allow`] adds what the browser wants to know.
pub(super) async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Answers preflights, and lets allowed origins read the answers of these endpoints.
pub(super) async fn allow(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let is_preflight = is_preflight(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if origins.allow(&origin) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("dpop-nonce, www-authenticate"),
        );
        if is_preflight {
            permit(headers, "GET, POST", "authorization, content-type, dpop");
        }
    }
    response
}

/// Lets every origin register a client, before there is a client that could name its origin. Who may is
/// said by a token in the request, which no browser adds by itself.
pub(super) async fn allow_all(request: Request, next: Next) -> Response {
    let is_preflight = is_preflight(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = HeaderValue::from_static;
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, fixed("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, fixed("www-authenticate"));
    if is_preflight {
        let methods = "GET, POST, PUT, DELETE";
        permit(headers, methods, "authorization, content-type");
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn permit(headers: &mut HeaderMap, methods: &'static str, names: &'static str) {
    let fixed = HeaderValue::from_static;
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, fixed(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, fixed(names));
    headers.insert(ACCESS_CONTROL_MAX_AGE, fixed("600"));
}
