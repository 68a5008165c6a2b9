//! Hands a letter to a mail server (RFC 5321).

use std::time::Duration;

use assay_reconciler::{
    object::MAIL_SECRET_PURPOSE,
    secret::SecretSource,
    spec::module::{Smtp, SmtpSecurity},
};
use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use crate::{
    crypto::CryptoError,
    modules::{Context, mail::composed::host},
    outgoing::{TrustError, further_authorities},
};

/// For all of it; shorter than a letter is left to the process that took it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the mail server does not have the letter. Holds nothing secret: neither what we authenticate
/// with nor what the letter says.
#[derive(Debug, thiserror::Error)]
pub(in crate::modules::mail) enum SmtpError {
    #[error("the mail server cannot be spoken to: {0}")]
    Connection(#[source] Error),
    #[error("the mail server does not offer STARTTLS, so it was sent nothing")]
    NoStarttls,
    #[error("the mail server does not let us in: {0}")]
    Authentication(#[source] Error),
    #[error("the mail server does not take the letter: {0}")]
    Refused(#[source] Error),
    #[error("the mail server did not answer within {} seconds", PATIENCE.as_secs())]
    Late,
    #[error("the password for the mail server cannot be read: {0}")]
    Password(#[from] CryptoError),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl SmtpError {
    /// Whether the server will never take this letter. What is wrong with the server or with our
    /// settings may be mended.
    pub(in crate::modules::mail) fn is_final(&self) -> bool {
        matches!(self, Self::Refused(error) if error.is_permanent())
    }
}

pub(super) async fn send(
    server: &Smtp,
    context: &Context,
    message: &Message,
) -> Result<(), SmtpError> {
    timeout(PATIENCE, hand_over(server, context, message))
        .await
        .map_err(|_| SmtpError::Late)?
}

async fn hand_over(server: &Smtp, context: &Context, message: &Message) -> Result<(), SmtpError> {
    let us = ClientId::Domain(host(&context.site));
    let mut connection = connect(server, &us).await?;
    if let Some(credentials) = credentials(server, context)? {
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .await
            .map_err(SmtpError::Authentication)?;
    }
    connection
        .send(message.envelope(), &message.formatted())
        .await
        .map_err(SmtpError::Refused)?;
    // It has the letter; how it says goodbye does not matter.
    let _ = connection.quit().await;
    Ok(())
}

async fn connect(server: &Smtp, us: &ClientId) -> Result<AsyncSmtpConnection, SmtpError> {
    let name = server.host.trim_start_matches('[').trim_end_matches(']');
    let tls = match server.security {
        SmtpSecurity::None => None,
        SmtpSecurity::Tls | SmtpSecurity::Starttls => Some(tls(name)?),
    };
    let at_once = tls.clone().filter(|_| server.security == SmtpSecurity::Tls);
    let place = (name, server.port());
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(place, Some(PATIENCE), us, at_once, None)
            .await
            .map_err(SmtpError::Connection)?;
    if let Some(tls) = tls.filter(|_| server.security == SmtpSecurity::Starttls) {
        // RFC 3207 6: whoever is between us could have struck the offer out.
        if !connection.can_starttls() {
            return Err(SmtpError::NoStarttls);
        }
        connection
            .starttls(tls, us)
            .await
            .map_err(SmtpError::Connection)?;
    }
    Ok(connection)
}

fn tls(name: &str) -> Result<TlsParameters, SmtpError> {
    let mut parameters = TlsParameters::builder(name.to_owned());
    if let Some(bundle) = further_authorities()? {
        let authorities = Certificate::from_pem(&bundle).map_err(SmtpError::Connection)?;
        parameters = parameters.add_root_certificate(authorities);
    }
    parameters.build().map_err(SmtpError::Connection)
}

fn credentials(server: &Smtp, context: &Context) -> Result<Option<Credentials>, SmtpError> {
    let (Some(name), Some(SecretSource::Sealed(password))) = (&server.username, &server.password)
    else {
        return Ok(None);
    };
    let password = context.keyring.open(MAIL_SECRET_PURPOSE, password)?;
    Ok(Some(Credentials::new(
        name.clone(),
        password.expose().clone(),
    )))
}
