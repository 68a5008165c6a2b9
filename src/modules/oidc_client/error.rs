use crate::{
    crypto::CryptoError, modules::user::AttributesRefused, outgoing::OutgoingError,
    store::StoreError,
};

/// Why an upstream's word is not taken. The words are for whoever runs this server, and hold no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpstreamError {
    /// It cannot be asked.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    /// What it says of itself.
    #[error("its discovery document {0}")]
    Discovery(String),
    /// RFC 9207.
    #[error("its answer {0}")]
    Issuer(&'static str),
    /// It answered with an error (RFC 6749 4.1.2.1).
    #[error("it answered with the error `{0}`")]
    Answer(String),
    /// It did not redeem the code.
    #[error("its token endpoint {0}")]
    Token(String),
    /// OpenID Connect Core 3.1.3.7.
    #[error("its ID token {0}")]
    IdToken(String),
    /// OpenID Connect Core 5.3.2.
    #[error("its userinfo {0}")]
    UserInfo(&'static str),
    /// A claim that identifies the person.
    #[error("it gave no claim `{0}` to know the person by")]
    Subject(String),
    /// What it says of somebody new is not what attributes must be here.
    #[error("what it says of somebody new does not fit `attributeSchema`: {0}")]
    Attributes(#[from] AttributesRefused),
    /// Our own credential.
    #[error("our credential for it cannot be made: {0}")]
    Credential(&'static str),
    /// Keys, randomness.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UpstreamError {
    /// Whether it is the upstream's silence rather than its word.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Outgoing(_))
    }

    /// In a word, for the audit log.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Outgoing(_) => "unreachable",
            Self::Discovery(_) => "discovery",
            Self::Issuer(_) => "issuer",
            Self::Answer(_) => "answer",
            Self::Token(_) => "token",
            Self::IdToken(_) => "id_token",
            Self::UserInfo(_) => "userinfo",
            Self::Subject(_) => "subject",
            Self::Attributes(_) => "attributes",
            Self::Credential(_) | Self::Crypto(_) | Self::Store(_) => "internal",
        }
    }
}
