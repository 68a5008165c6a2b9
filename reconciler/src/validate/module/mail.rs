//! What cannot be right about the settings of `mail`.

use crate::{
    load::outcome::Origin,
    spec::module::{MailSettings, Smtp, SmtpSecurity, mailbox},
    validate::{Finding, secrets},
};

pub(super) fn check(mail: &MailSettings, origin: Origin, add: &mut impl FnMut(Finding)) {
    if mail.smtp.is_some() && mail.folder.is_some() {
        add(Finding::in_spec(
            "module",
            "settings/folder",
            "letters go to a mail server or into a folder, not both",
        )
        .help("take `folder` or `smtp` out"));
    }
    if mail.folder.as_deref() == Some("") {
        add(
            Finding::in_spec("module", "settings/folder", "an empty path")
                .help("as in `/var/lib/assay/mails`"),
        );
    }
    let mailboxes = [
        ("settings/from", &mail.from),
        ("settings/replyTo", &mail.reply_to),
    ];
    for (path, text) in mailboxes {
        if text.as_deref().is_some_and(|text| mailbox(text).is_none()) {
            add(
                Finding::in_spec("module", path, "this is no address of a sender")
                    .help("as in `no-reply@example.com` or `Acme <no-reply@example.com>`"),
            );
        }
    }
    if let Some(smtp) = &mail.smtp {
        server(smtp, origin, add);
    }
}

fn server(smtp: &Smtp, origin: Origin, add: &mut impl FnMut(Finding)) {
    let is_host = !smtp.host.is_empty()
        && smtp
            .host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']'));
    if !is_host || (smtp.host.contains(':') && smtp.host.parse::<std::net::IpAddr>().is_err()) {
        add(Finding::in_spec(
            "module",
            "settings/smtp/host",
            "a mail server is a name or an address: no scheme, no port",
        )
        .help("as in `smtp.example.com`; the port has a field of its own"));
    }
    if smtp.security == SmtpSecurity::None && !smtp.is_loopback() {
        add(Finding::in_spec(
            "module",
            "settings/smtp/security",
            "without TLS anybody on the way could read the letters, which hold links into accounts",
        )
        .help("write `tls` or `starttls`; `none` is for a server on the same machine"));
    }
    match (&smtp.username, &smtp.password) {
        (Some(_), None) => add(Finding::in_spec(
            "module",
            "settings/smtp/username",
            "a name without a password",
        )
        .help("add `password: { fromEnv: SMTP_PASSWORD }`, or take `username` out")),
        (None, Some(_)) => add(Finding::in_spec(
            "module",
            "settings/smtp/password",
            "a password without a name",
        )
        .help("add `username`, or take `password` out")),
        _ => {}
    }
    if let Some(password) = &smtp.password {
        secrets::check(password, "settings/smtp/password", true, origin, add);
    }
}
