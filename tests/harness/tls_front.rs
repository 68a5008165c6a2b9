//! TLS before a server under test, as a proxy of a company with its own authority would add it.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Takes TLS at `localhost`, and passes on what was in it.
pub struct TlsFront {
    address: SocketAddr,
    authority: String,
}

impl TlsFront {
    /// With a certificate for `localhost` from an authority that nobody knows.
    pub async fn before(port: u16) -> Self {
        let (config, authority) = localhost_certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), port));
        Self { address, authority }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// The certificate of the authority, in PEM form.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// A certificate for `localhost`, and the one of its authority in PEM form.
pub(super) fn localhost_certificate() -> (ServerConfig, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &authority))
        .expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .expect("a certificate and its key");
    (config, authority.pem())
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, port: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who does not trust the certificate goes away here.
            let mut outside = acceptor.accept(stream).await?;
            let mut inside = TcpStream::connect(("127.0.0.1", port)).await?;
            tokio::io::copy_bidirectional(&mut outside, &mut inside).await
        });
    }
}
