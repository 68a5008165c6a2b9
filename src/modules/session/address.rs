use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

/// Where a request came from: the IP address of the peer, or of whom a trusted proxy names. For records, never for decisions about who
/// somebody is.
#[derive(Clone, Debug, Default)]
pub struct ClientAddress(Option<String>);

impl ClientAddress {
    /// The address as text.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(Some(address.to_canonical().to_string()))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| Self::from(peer.ip()))
            .unwrap_or_default())
    }
}
