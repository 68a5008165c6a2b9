use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
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

    /// What one party has for itself: an IPv4 address, or an IPv6 network of 64 bits.
    pub fn network(&self) -> String {
        let text = self.text().unwrap_or_default();
        match text.parse::<Ipv6Addr>() {
            Ok(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
            Err(_) => text.to_owned(),
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_one_party_has_counts_as_one() {
        let network = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap()).network();
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2::ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
