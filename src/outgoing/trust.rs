//! Which authorities may vouch for the servers that are asked.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem, pem::PemObject as _},
};

/// The variable that OpenSSL, curl, Python and Go read as well: a PEM bundle of further authorities.
const BUNDLE: &str = "SSL_CERT_FILE";

/// The bundle cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{BUNDLE} names {}, which {why}", file.display())]
pub struct TrustError {
    file: PathBuf,
    why: Unusable,
}

#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is no PEM: {0}")]
    NoPem(#[from] pem::Error),
    #[error("holds a certificate (number {number}) that cannot be used: {error}")]
    Certificate { number: usize, error: rustls::Error },
    #[error("holds no certificate in PEM form")]
    Empty,
}

/// The authorities that browsers trust, and those of the bundle that `SSL_CERT_FILE` names.
///
/// # Errors
/// The bundle cannot be read, or holds none.
pub fn roots() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(file) = bundle_file() {
        add(&mut roots, &file).map_err(|why| TrustError { file, why })?;
    }
    Ok(roots)
}

/// The bundle that `SSL_CERT_FILE` names, as text in PEM form: for a client that adds it to the
/// authorities that browsers trust by itself.
///
/// # Errors
/// It cannot be read.
pub fn further_authorities() -> Result<Option<Vec<u8>>, TrustError> {
    let Some(file) = bundle_file() else {
        return Ok(None);
    };
    let text = fs::read(&file).map_err(|error| TrustError {
        file,
        why: error.into(),
    })?;
    Ok(Some(text))
}

fn bundle_file() -> Option<PathBuf> {
    // Set to nothing is how scripts unset a variable.
    std::env::var_os(BUNDLE)
        .filter(|file: &OsString| !file.is_empty())
        .map(PathBuf::from)
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), Unusable> {
    let text = fs::read(file)?;
    let mut number = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        number += 1;
        roots
            .add(certificate?)
            .map_err(|error| Unusable::Certificate { number, error })?;
    }
    if number == 0 {
        return Err(Unusable::Empty);
    }
    Ok(())
}
