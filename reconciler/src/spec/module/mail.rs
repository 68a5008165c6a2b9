use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::SecretSource;

/// Settings of `mail`: how letters reach people. Without `smtp` and `folder`, they are put into the
/// folder `mails` beside a SQLite database; with PostgreSQL they wait in the database for a day.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MailSettings {
    /// The mail server that letters are handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    /// A folder on the server's machine where each letter becomes an `.eml` file instead: for
    /// development and tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub folder: Option<String>,
    /// Whom letters come from, as in `Acme <no-reply@example.com>`. `no-reply@` and the host of
    /// `public_url`, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 320))]
    pub from: Option<String>,
    /// Where answers go. To `from`, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 320))]
    pub reply_to: Option<String>,
}

/// A mail server (RFC 5321).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Smtp {
    /// Its name, which its certificate must be for, or its address.
    #[schemars(length(min = 1, max = 253))]
    pub host: String,
    /// 465 with `tls`, 587 with `starttls`, 25 with `none`, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// Our name there, if it wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub username: Option<String>,
    /// Our password there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
}

impl Smtp {
    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            SmtpSecurity::Tls => 465,
            SmtpSecurity::Starttls => 587,
            SmtpSecurity::None => 25,
        })
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// TLS after `STARTTLS` (RFC 3207). A server that does not offer it is sent nothing.
    Starttls,
    /// Not at all. Only for a server on the same machine.
    None,
}

/// The name, if there is one, and the address in `Acme <no-reply@example.com>` or
/// `no-reply@example.com`; `None` if it is neither.
pub fn mailbox(text: &str) -> Option<(Option<&str>, &str)> {
    let (name, address) = match text.split_once('<') {
        None => (None, text),
        Some((name, rest)) => (Some(name.trim()), rest.strip_suffix('>')?),
    };
    let (local, domain) = address.split_once('@')?;
    let is_forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_control);
    let is_mailbox = !local.is_empty()
        && !domain.is_empty()
        && !local.contains(is_forbidden)
        && !domain.contains(is_forbidden)
        && name.is_none_or(is_name);
    is_mailbox.then_some((name, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_an_address_with_or_without_a_name() {
        assert_eq!(mailbox("a@b.example"), Some((None, "a@b.example")));
        let acme = mailbox("Acme, Inc. <no-reply@example.com>");
        assert_eq!(acme, Some((Some("Acme, Inc."), "no-reply@example.com")));
        for wrong in [
            "",
            "Acme",
            "@b",
            "a@",
            "a@b@c",
            "Acme <a@b",
            "<a@b>",
            "A\r\nBcc: x <a@b>",
            "a@b\r\nBcc: c@d",
            "a b@c",
        ] {
            assert_eq!(mailbox(wrong), None, "{wrong:?}");
        }
    }
}
