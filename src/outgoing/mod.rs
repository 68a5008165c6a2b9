//! Requests to places that others name: a client's `jwks_uri`, a logout address, an upstream provider.
//!
//! Whoever registers an address must not make this server talk to what only it can reach (RFC 9700
//! 4.15, RFC 9126 7.1): names are resolved here and every private address is refused unless the
//! operator allows its network; no redirect is followed; time and size are limited.

mod addresses;
mod documents;
mod kept;
mod keys;
mod resolver;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod trust;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http;
use reqwest::{Client, StatusCode, header, redirect};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Map, Value};
use url::{Host, Url};

pub use self::{
    addresses::Networks,
    trust::{TrustError, further_authorities, roots},
};
use self::{kept::Kept, resolver::PublicOnly};
use crate::crypto::foreign::ForeignKeys;

/// How long it may take until the other side is reached.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one whole exchange may take.
const TOTAL: Duration = Duration::from_secs(10);

/// Makes the requests. A clone shares the connections.
#[derive(Clone)]
pub struct Outgoing {
    tls: ClientConfig,
    /// The client for the networks allowed last: connections made under other rules are not reused.
    built: Arc<Mutex<Option<(Networks, Client)>>>,
    key_sets: Kept<ForeignKeys>,
    documents: Kept<Map<String, Value>>,
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The body.
    pub body: Vec<u8>,
    /// How long it may be kept (RFC 9111 5.2.2.1), if the answer says so.
    pub max_age: Option<Duration>,
}

/// What is posted.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// JSON.
    pub body: &'a str,
    /// Headers beside the usual ones.
    pub headers: &'a [(&'static str, String)],
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// Why a request was not made, or brought nothing. Holds no address but the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Not a URL that is ever asked.
    #[error("`{0}` is not an https URL")]
    NotWeb(String),
    /// `http`, where what is sent or fetched could be read and changed on the way.
    #[error("`{0}` is http, which is taken only within allowed private networks")]
    Insecure(String),
    /// Loopback, a private network, the metadata service of a cloud.
    #[error(
        "`{0}` is a private address, which this server does not ask unless its network is allowed"
    )]
    Private(String),
    /// No connection, no answer, or none in time.
    #[error("`{place}` cannot be reached: {reason}")]
    Unreachable {
        /// Scheme, host and path.
        place: String,
        /// In the library's words.
        reason: String,
    },
    /// An answer with another status than success.
    #[error("`{place}` answered {status}")]
    Status {
        /// Scheme, host and path.
        place: String,
        /// What it answered.
        status: StatusCode,
    },
    /// More than was asked for.
    #[error("`{place}` answered with more than {limit} bytes")]
    TooLong {
        /// Scheme, host and path.
        place: String,
        /// The most that is taken.
        limit: usize,
    },
    /// Authorities of the operator's.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The client cannot be made.
    #[error("outgoing requests cannot be made: {0}")]
    Client(String),
}

/// TLS as a client that trusts these authorities.
///
/// # Errors
/// The TLS library offers none of the versions we speak.
pub fn tls(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

impl OutgoingError {
    /// Whether nothing was asked, because it must not be.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            OutgoingError::NotWeb(_) | OutgoingError::Insecure(_) | OutgoingError::Private(_)
        )
    }
}

impl Outgoing {
    /// Trusts the authorities of [`roots`].
    ///
    /// # Errors
    /// They cannot be read, or the TLS library offers none of the versions we speak.
    pub fn new() -> Result<Self, OutgoingError> {
        let tls = tls(roots()?).map_err(|error| OutgoingError::Client(error.to_string()))?;
        Ok(Self {
            tls,
            built: Arc::default(),
            key_sets: Kept::default(),
            documents: Kept::default(),
        })
    }

    /// Fetches `url`, at most `limit` bytes of it.
    ///
    /// # Errors
    /// Refused, unreachable, not a success, or too long.
    pub async fn get(
        &self,
        allowed: &Networks,
        url: &str,
        limit: usize,
    ) -> Result<Fetched, OutgoingError> {
        let url = checked(allowed, url)?;
        let place = place(&url);
        let request = self
            .client(allowed)?
            .get(url)
            .header(header::ACCEPT, "application/json, */*;q=0.1");
        let response = send(request, &place).await?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(OutgoingError::Status { place, status });
        }
        let max_age = max_age(response.headers());
        let body = body(response, &place, limit).await?;
        Ok(Fetched { body, max_age })
    }

    /// Makes the request and gives the answer, whatever its status, with at most `limit` bytes.
    ///
    /// # Errors
    /// Refused, unreachable or too long.
    pub async fn exchange(
        &self,
        allowed: &Networks,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, OutgoingError> {
        let (parts, content) = request.into_parts();
        let url = checked(allowed, &parts.uri.to_string())?;
        let place = place(&url);
        let request = self
            .client(allowed)?
            .request(parts.method, url)
            .headers(parts.headers)
            .body(content);
        let response = send(request, &place).await?;
        let mut answer = http::Response::new(Vec::new());
        *answer.status_mut() = response.status();
        answer.headers_mut().clone_from(response.headers());
        *answer.body_mut() = body(response, &place, limit).await?;
        Ok(answer)
    }

    /// Posts a form to `url` and gives the status of the answer, whatever it is; its body is not read.
    ///
    /// # Errors
    /// Refused or unreachable.
    pub async fn post_form(
        &self,
        allowed: &Networks,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<StatusCode, OutgoingError> {
        let url = checked(allowed, url)?;
        let place = place(&url);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client(allowed)?
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        Ok(send(request, &place).await?.status())
    }

    /// Posts JSON to `url` and gives the answer, whatever its status, at most `limit` bytes of it.
    ///
    /// # Errors
    /// Refused, unreachable, not answered within `timeout`, or too long.
    pub async fn post_json(
        &self,
        allowed: &Networks,
        url: &str,
        posted: Posted<'_>,
        limit: usize,
    ) -> Result<(StatusCode, Vec<u8>), OutgoingError> {
        let url = checked(allowed, url)?;
        let place = place(&url);
        let mut request = self
            .client(allowed)?
            .post(url)
            .timeout(posted.timeout.min(TOTAL))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(posted.body.to_owned());
        for (name, value) in posted.headers {
            request = request.header(*name, value);
        }
        let response = send(request, &place).await?;
        let status = response.status();
        Ok((status, body(response, &place, limit).await?))
    }

    fn client(&self, allowed: &Networks) -> Result<Client, OutgoingError> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((networks, client)) = &*built
            && networks == allowed
        {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(PublicOnly(allowed.clone()))
            .redirect(redirect::Policy::none())
            // A proxy from the environment would resolve names by itself.
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutgoingError::Client(error.to_string()))?;
        *built = Some((allowed.clone(), client.clone()));
        Ok(client)
    }
}

async fn send(
    request: reqwest::RequestBuilder,
    place: &str,
) -> Result<reqwest::Response, OutgoingError> {
    request
        .send()
        .await
        .map_err(|error| unreachable(place, error))
}

async fn body(
    mut response: reqwest::Response,
    place: &str,
    limit: usize,
) -> Result<Vec<u8>, OutgoingError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                let place = place.to_owned();
                return Err(OutgoingError::TooLong { place, limit });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(unreachable(place, error)),
        }
    }
}

/// The URL, if it may be asked. Names are looked at once more when they are resolved.
fn checked(allowed: &Networks, url: &str) -> Result<Url, OutgoingError> {
    let parsed = Url::parse(url).map_err(|_| OutgoingError::NotWeb(url.to_owned()))?;
    let address = match parsed.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(OutgoingError::NotWeb(url.to_owned())),
    };
    if address.is_some_and(|address| !allowed.permits(address)) {
        return Err(OutgoingError::Private(place(&parsed)));
    }
    match parsed.scheme() {
        "https" => Ok(parsed),
        "http" if address.is_some_and(|address| allowed.names(address)) => Ok(parsed),
        "http" => Err(OutgoingError::Insecure(place(&parsed))),
        _ => Err(OutgoingError::NotWeb(place(&parsed))),
    }
}

/// The address without what may be secret in it.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn unreachable(place: &str, error: reqwest::Error) -> OutgoingError {
    use std::error::Error as _;
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<resolver::NoPublicAddress>() {
            return OutgoingError::Private(place.to_owned());
        }
        reason = inner.to_string();
        source = inner.source();
    }
    OutgoingError::Unreachable {
        place: place.to_owned(),
        reason,
    }
}

fn max_age(headers: &header::HeaderMap) -> Option<Duration> {
    let text = headers.get(header::CACHE_CONTROL)?.to_str().ok()?;
    let directives = || text.split(',').map(str::trim);
    if directives().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return Some(Duration::ZERO);
    }
    directives()
        .find_map(|directive| directive.strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs)
}
