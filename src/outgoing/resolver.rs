//! Names are resolved once, and connected to where they were found: a name that resolves to something
//! else a moment later (DNS rebinding) leads nowhere.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Networks;

/// Gives only addresses that may be asked.
pub(super) struct PublicOnly(pub(super) Networks);

/// The name has addresses, and none that may be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to private addresses only")]
pub(super) struct NoPublicAddress;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| allowed.permits(address.ip()))
                .collect();
            if permitted.is_empty() {
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
