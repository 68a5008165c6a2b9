use axum::{extract::FromRequestParts, http::HeaderMap, http::request::Parts};

use crate::modules::{
    Context, Problem,
    pages::Reader,
    session::{Browser, ClientAddress},
};

/// A request with which somebody signs in: from which browser, and from where.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The browser, which what waits for the end of the sign-in is bound to.
    pub browser: Browser,
    /// The address.
    pub address: ClientAddress,
    /// What whoever sits there can read.
    pub reader: Reader,
    /// Its headers.
    pub headers: HeaderMap,
}

impl FromRequestParts<Context> for Arrival {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Ok(address) = ClientAddress::from_request_parts(parts, context).await;
        let Ok(reader) = Reader::from_request_parts(parts, context).await;
        Ok(Self {
            reader,
            browser: Browser::from_request_parts(parts, context).await?,
            address,
            headers: parts.headers.clone(),
        })
    }
}
