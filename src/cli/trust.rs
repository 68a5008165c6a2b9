//! Which certificates a server's may be signed by.

use std::{error::Error, io};

use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::Failure;
use crate::outgoing;

/// TLS as a client. A bundle that cannot be read is in nobody's way where no certificate is looked at.
pub(super) fn tls(is_used: bool) -> Result<ClientConfig, Failure> {
    let roots = if is_used {
        outgoing::roots().map_err(|error| Failure::invalid(error.to_string()))?
    } else {
        RootCertStore::empty()
    };
    outgoing::tls(roots).map_err(|error| Failure::failed(&error))
}

/// Whether the connection failed because the server's certificate is signed by nobody who is trusted.
pub(super) fn is_of_a_stranger(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = cause.downcast_ref() {
            return *why == CertificateError::UnknownIssuer;
        }
        next = match cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            // An I/O error's source is that of what it wraps, and not what it wraps.
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    false
}
