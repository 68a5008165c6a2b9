//! What a proxy in front says of the browser or program behind it. Anybody can write such headers, so
//! only those of a trusted address are read.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::{
    crypto::certificate::{Authorities, Certificate},
    modules::ClientCertificate,
};

/// The proxies in front of this server.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    pub(super) trusted: Vec<IpNet>,
    /// Where they put the certificate of the client (RFC 9440).
    pub(super) certificate_header: HeaderName,
    /// Who may sign such certificates.
    pub(super) authorities: Option<Authorities>,
}

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Where a request comes from: the peer, or whom trusted proxies name in `X-Forwarded-For`. Each
    /// adds its own peer at the end, so the last one that is no proxy of ours is it; what stands before
    /// it is whatever that one wrote.
    pub(super) fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if self.trusted.is_empty() || !self.trusts(peer.ip()) {
            return peer;
        }
        let mut origin = peer.ip();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.rsplit(','));
        for hop in hops {
            let Some(address) = address(hop.trim()) else {
                break;
            };
            origin = address;
            if !self.trusts(address) {
                break;
            }
        }
        SocketAddr::new(origin, peer.port())
    }

    /// The certificate that the client showed to the proxy. One that cannot be read is none.
    pub(super) fn certificate(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Option<ClientCertificate> {
        let mut values = headers.get_all(&self.certificate_header).iter();
        let (value, None) = (values.next()?, values.next()) else {
            return None;
        };
        if self.trusted.is_empty() || !self.trusts(peer.ip()) {
            return None;
        }
        match Certificate::from_header(value.to_str().ok()?) {
            Ok(certificate) => Some(ClientCertificate {
                certificate,
                authorities: self.authorities.clone(),
            }),
            Err(error) => {
                // nginx sends an empty field where there is none.
                if !value.is_empty() {
                    tracing::debug!(%peer, header = %self.certificate_header, %error);
                }
                None
            }
        }
    }
}

/// An address as proxies write it: with a port or without, IPv6 in brackets or not.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn origin(peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies {
            trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            certificate_header: HeaderName::from_static("client-cert"),
            authorities: None,
        };
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        proxies.origin(peer, &headers).ip().to_string()
    }

    #[test]
    fn only_trusted_proxies_say_who_is_behind_them() {
        assert_eq!(origin("198.51.100.1", &["203.0.113.9"]), "198.51.100.1");
        assert_eq!(origin("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(origin("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(origin("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(origin("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(origin("10.0.0.1", &["203.0.113.9:5000"]), "203.0.113.9");
    }

    #[test]
    fn what_stands_before_a_stranger_is_the_strangers_word() {
        let spoofed = "127.0.0.1, 203.0.113.9";
        assert_eq!(origin("10.0.0.1", &[spoofed]), "203.0.113.9");
        assert_eq!(
            origin("10.0.0.1", &["127.0.0.1", "203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            origin("10.0.0.1", &["203.0.113.9, 10.2.0.1"]),
            "203.0.113.9"
        );
        assert_eq!(origin("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(origin("10.0.0.1", &["10.0.0.9, 10.0.0.2"]), "10.0.0.9");
    }
}
