//! Certificates of clients (RFC 5280), as mutual TLS shows them (RFC 8705).

mod distinguished_name;

use std::{fmt, net::IpAddr, path::Path, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, UnixTime, pem::PemObject as _},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use self::distinguished_name::DistinguishedName;
use crate::clock::UnixMillis;

/// Longest certificate that is looked at, in bytes of DER.
const MAX_CERTIFICATE: usize = 16 * 1_024;

/// The text holds no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no certificate in DER (RFC 9440) or PEM")]
pub struct NoCertificate;

/// A client's certificate. That whoever shows it holds its key is for the TLS handshake to prove.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Vec<u8>);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.thumbprint())
    }
}

impl Certificate {
    /// Reads a header field: a byte sequence (RFC 9440 2.1), PEM with its line ends escaped in some
    /// way, or base64 alone, as proxies send it.
    pub fn from_header(text: &str) -> Result<Self, NoCertificate> {
        let text = text.trim();
        let decoded;
        let text = if text.contains('%') {
            decoded = percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map_err(|_| NoCertificate)?;
            &*decoded
        } else {
            text
        };
        let base64 = match text
            .strip_prefix(':')
            .and_then(|rest| rest.strip_suffix(':'))
        {
            Some(sequence) => sequence,
            None => match text.split_once("-----BEGIN CERTIFICATE-----") {
                // Of a chain, the first is the client's.
                Some((_, rest)) => rest.split("-----END").next().unwrap_or_default(),
                None => text,
            },
        };
        let base64: String = base64.split_ascii_whitespace().collect();
        let der = STANDARD.decode(base64).map_err(|_| NoCertificate)?;
        Self::from_der(der)
    }

    fn from_der(der: Vec<u8>) -> Result<Self, NoCertificate> {
        if der.len() > MAX_CERTIFICATE {
            return Err(NoCertificate);
        }
        match X509Certificate::from_der(&der) {
            Ok(([], _)) => Ok(Self(der)),
            _ => Err(NoCertificate),
        }
    }

    /// The bytes.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The SHA-256 of the certificate in base64url: `x5t#S256` (RFC 8705 3.1).
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.0))
    }

    /// Whether its subject is this distinguished name (RFC 4514).
    pub fn has_subject(&self, name: &str) -> bool {
        let Some(wanted) = DistinguishedName::parse(name) else {
            return false;
        };
        self.parsed()
            .and_then(|certificate| DistinguishedName::of(certificate.subject()))
            .is_some_and(|subject| subject == wanted)
    }

    /// Whether a DNS name among its alternative names is `name`.
    pub fn has_dns(&self, name: &str) -> bool {
        self.has_name(
            |other| matches!(other, GeneralName::DNSName(dns) if dns.eq_ignore_ascii_case(name)),
        )
    }

    /// Whether a URI among its alternative names is `uri`.
    pub fn has_uri(&self, uri: &str) -> bool {
        self.has_name(|other| matches!(other, GeneralName::URI(other) if *other == uri))
    }

    /// Whether an e-mail address among its alternative names is `address`.
    pub fn has_email(&self, address: &str) -> bool {
        self.has_name(|other| matches!(other, GeneralName::RFC822Name(email) if *email == address))
    }

    /// Whether an IP address among its alternative names is `address`.
    pub fn has_ip(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<IpAddr>() else {
            return false;
        };
        self.has_name(|other| match (other, address) {
            (GeneralName::IPAddress(bytes), IpAddr::V4(v4)) => **bytes == v4.octets(),
            (GeneralName::IPAddress(bytes), IpAddr::V6(v6)) => **bytes == v6.octets(),
            _ => false,
        })
    }

    fn has_name(&self, is: impl Fn(&GeneralName<'_>) -> bool) -> bool {
        let Some(certificate) = self.parsed() else {
            return false;
        };
        certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .is_some_and(|names| names.value.general_names.iter().any(is))
    }

    fn parsed(&self) -> Option<X509Certificate<'_>> {
        let (_, certificate) = X509Certificate::from_der(&self.0).ok()?;
        Some(certificate)
    }
}

/// The authorities whose word on clients counts.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<dyn ClientCertVerifier>);

/// The file of authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no list of certificates in PEM.
    #[error("holds no certificate in PEM form that can be used")]
    None,
    /// They cannot be used.
    #[error("cannot be used: {0}")]
    Unusable(#[from] rustls::server::VerifierBuilderError),
}

impl Authorities {
    /// Reads a bundle of certificates in PEM.
    pub fn read(path: &Path) -> Result<Self, AuthoritiesError> {
        let text = std::fs::read(path)?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(|_| AuthoritiesError::None)?;
            roots.add(certificate).map_err(|_| AuthoritiesError::None)?;
        }
        if roots.is_empty() {
            return Err(AuthoritiesError::None);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Self(verifier.build()?))
    }

    /// Whether one of them signed the certificate for a client, and it is valid now.
    pub fn vouch_for(&self, certificate: &Certificate, now: UnixMillis) -> bool {
        let der = CertificateDer::from(certificate.der());
        let seconds = u64::try_from(now.as_seconds()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        self.0.verify_client_cert(&der, &[], now).is_ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
        KeyPair, SanType,
    };

    use super::*;

    fn params() -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "DE");
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Acme, Inc.");
        params
            .distinguished_name
            .push(DnType::CommonName, "billing");
        params.subject_alt_names = vec![
            SanType::DnsName("billing.example.com".try_into().unwrap()),
            SanType::URI("spiffe://example.com/billing".try_into().unwrap()),
            SanType::Rfc822Name("ops@example.com".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params
    }

    #[test]
    fn what_proxies_send_is_read() {
        let key = KeyPair::generate().unwrap();
        let certificate = params().self_signed(&key).unwrap();
        let base64 = STANDARD.encode(certificate.der());
        let pem = certificate.pem();
        let escaped = utf8_percent_encode(&pem, NON_ALPHANUMERIC).to_string();
        let folded = pem.replace('\n', " ");
        for header in [&format!(":{base64}:"), &base64, &escaped, &folded, &pem] {
            let read = Certificate::from_header(header).unwrap();
            assert_eq!(read.der(), certificate.der().as_ref());
            assert_eq!(read.thumbprint().len(), 43);
        }
        for nonsense in [
            "",
            ":",
            "::",
            "x",
            "%FF",
            "-----BEGIN CERTIFICATE-----",
            "AAAA",
        ] {
            assert_eq!(Certificate::from_header(nonsense), Err(NoCertificate));
        }
        let longer = STANDARD.encode([certificate.der().as_ref(), b"x"].concat());
        assert_eq!(Certificate::from_header(&longer), Err(NoCertificate));
    }

    #[test]
    fn names_are_those_of_the_certificate_and_no_others() {
        let key = KeyPair::generate().unwrap();
        let certificate = params().self_signed(&key).unwrap();
        let certificate = Certificate(certificate.der().to_vec());
        for subject in [
            r"CN=billing,O=Acme\, Inc.,C=DE",
            r"cn=billing, O=Acme\2c Inc. , C=DE",
            r"2.5.4.3=billing,O=Acme\, Inc.,C=DE",
        ] {
            assert!(certificate.has_subject(subject), "{subject}");
        }
        for subject in [
            r"CN=billing",
            r"C=DE,O=Acme\, Inc.,CN=billing",
            r"CN=Billing,O=Acme\, Inc.,C=DE",
            r"CN=billing,O=Acme, Inc.,C=DE",
            r"CN=billing+O=Acme\, Inc.,C=DE",
            "",
        ] {
            assert!(!certificate.has_subject(subject), "{subject}");
        }
        assert!(certificate.has_dns("Billing.example.com"));
        assert!(!certificate.has_dns("example.com"));
        assert!(certificate.has_uri("spiffe://example.com/billing"));
        assert!(!certificate.has_uri("spiffe://example.com/Billing"));
        assert!(certificate.has_email("ops@example.com"));
        assert!(!certificate.has_email("billing.example.com"));
        assert!(certificate.has_ip("192.0.2.7"));
        assert!(!certificate.has_ip("192.0.2.8") && !certificate.has_ip("x"));
    }

    #[test]
    fn an_authority_vouches_for_what_it_signed_while_it_is_valid() {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&authority_key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, root.pem()).unwrap();
        let authorities = Authorities::read(&file).unwrap();

        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let mut params = params();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let signed = params.signed_by(&key, &issuer).unwrap();
        let signed = Certificate(signed.der().to_vec());
        let at = |year: i64| UnixMillis::from_seconds((year - 1970) * 31_557_600);
        assert!(authorities.vouch_for(&signed, at(2025)));
        assert!(!authorities.vouch_for(&signed, at(2031)));
        let own = Certificate(params.self_signed(&key).unwrap().der().to_vec());
        assert!(!authorities.vouch_for(&own, at(2025)));

        std::fs::write(&file, "nothing").unwrap();
        assert!(matches!(
            Authorities::read(&file),
            Err(AuthoritiesError::None)
        ));
        let missing = folder.path().join("missing");
        assert!(matches!(
            Authorities::read(&missing),
            Err(AuthoritiesError::Unreadable(_))
        ));
    }
}
