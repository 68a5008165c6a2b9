//! Which certificates a server's may be signed by.

use std::{error::Error, ffi::OsString, fs, io, path::Path};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::Failure;
use crate::outgoing;

/// The variable that OpenSSL, curl, Python and Go read as well: a PEM bundle of further authorities.
const BUNDLE: &str = "SSL_CERT_FILE";

/// TLS as a client. A bundle that cannot be read is in nobody's way where no certificate is looked at.
pub(super) fn tls(is_used: bool) -> Result<ClientConfig, Failure> {
    let roots = if is_used {
        roots()?
    } else {
        RootCertStore::empty()
    };
    outgoing::tls(roots).map_err(|error| Failure::failed(&error))
}

/// The authorities that browsers trust, and those of the bundle that `SSL_CERT_FILE` names.
fn roots() -> Result<RootCertStore, Failure> {
    let mut roots = outgoing::public_roots();
    // Set to nothing is how scripts unset a variable.
    if let Some(file) = std::env::var_os(BUNDLE).filter(|file: &OsString| !file.is_empty()) {
        add(&mut roots, Path::new(&file))?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), Failure> {
    let wrong = |why: String| {
        let file = file.display();
        Failure::invalid(format!("{BUNDLE} names {file}, which {why}"))
    };
    let text = fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        found += 1;
        let certificate = certificate.map_err(|error| wrong(format!("is no PEM: {error}")))?;
        roots.add(certificate).map_err(|error| {
            wrong(format!(
                "holds a certificate (number {found}) that cannot be used: {error}"
            ))
        })?;
    }
    if found == 0 {
        return Err(wrong("holds no certificate in PEM form".to_owned()));
    }
    Ok(())
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
