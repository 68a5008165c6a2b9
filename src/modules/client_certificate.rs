//! The certificate that a request came with (RFC 8705), as an extension of the request.

use crate::{
    clock::UnixMillis,
    crypto::certificate::{Authorities, Certificate},
};

/// A certificate whose key the client holds: whoever ended the TLS connection has seen to that.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// Who may sign certificates of clients, if anybody may.
    pub authorities: Option<Authorities>,
}

impl ClientCertificate {
    /// Whether an authority of the operator's signed it, and it is valid now.
    pub fn is_vouched_for(&self, now: UnixMillis) -> bool {
        self.authorities
            .as_ref()
            .is_some_and(|authorities| authorities.vouch_for(&self.certificate, now))
    }
}

/// Which certificates clients can be known by here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MutualTls {
    /// None: nobody who ends TLS connections is trusted to tell of them.
    #[default]
    Off,
    /// Those that clients have made themselves.
    SelfSigned,
    /// Those, and such as an authority signed.
    Authorities,
}
