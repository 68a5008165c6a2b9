//! From a row of the outbox to a message: its words in the reader's language, as text and as HTML.

use assay_reconciler::{
    mail_template,
    spec::{self, LetterKind},
};
use jiff::{Timestamp, fmt::strtime};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde_json::{Map, Value, json};

use super::{
    outbox::Taken,
    words::{self, Closing},
};
use crate::{
    clock::UnixMillis,
    crypto::CryptoError,
    modules::{Context, Site, pages::Language, session::ACCOUNT_PATH},
};

/// Why there is no message. Holds nothing secret: not what a template was given.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComposeError {
    #[error("this build knows no letter `{0}`")]
    UnknownKind(String),
    #[error(transparent)]
    Sealed(#[from] CryptoError),
    #[error("its words cannot be put together: {0}")]
    Words(minijinja::ErrorKind),
    #[error("`{0}` is not an address that mail can be sent to or from")]
    Address(String),
    #[error("it cannot be written as a message: {0}")]
    Message(#[from] lettre::error::Error),
}

impl From<minijinja::Error> for ComposeError {
    fn from(error: minijinja::Error) -> Self {
        Self::Words(error.kind())
    }
}

/// A letter in words.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) subject: String,
    pub(super) text: String,
    /// Words of an operator may have none.
    pub(super) html: Option<String>,
}

/// The letter as it is handed over. The same each time, but for its date and what its settings and words
/// are by then.
pub(super) fn message(context: &Context, mail: &Taken) -> Result<Message, ComposeError> {
    let kind = LetterKind::named(&mail.kind)
        .ok_or_else(|| ComposeError::UnknownKind(mail.kind.clone()))?;
    let language = Language::among(&mail.language).unwrap_or_else(Language::fallback);
    let product = product(context);
    let mut variables = mail.variables(&context.keyring)?;
    variables.extend(common(
        &product,
        &context.site,
        &mail.recipient,
        mail.created_at,
    ));
    let composed = match operators_words(context, kind, language, &variables) {
        Some(composed) => composed,
        None => compose(kind, language, &variables)?,
    };
    let settings = context.snapshot.mail_settings();
    let from = match &settings.from {
        Some(from) => mailbox(from)?,
        None => Mailbox::new(Some(product), address(&sender(&context.site))?),
    };
    let mut builder = Message::builder().from(from);
    if let Some(reply_to) = &settings.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let host = host(&context.site);
    let builder = builder
        .to(Mailbox::new(None, address(&mail.recipient)?))
        .subject(one_line(&composed.subject))
        .message_id(Some(format!("<{}@{host}>", mail.id)))
        // RFC 3834: no vacation notice answers it.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    Ok(match composed.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(composed.text, html))?,
        None => builder.singlepart(SinglePart::plain(composed.text))?,
    })
}

/// The letter in the words of an operator. Ours are better than none: nobody is to wait for a letter
/// because somebody else's template has a mistake that validation did not see.
fn operators_words(
    context: &Context,
    kind: LetterKind,
    language: &Language,
    variables: &Map<String, Value>,
) -> Option<Composed> {
    let template = context.snapshot.mail_template(kind, language.tag)?;
    match mail_template::write(&template.spec, variables) {
        Ok(written) => Some(Composed {
            subject: written.subject,
            text: written.text,
            html: written.html,
        }),
        Err(error) => {
            let name = &template.name;
            tracing::warn!("MailTemplate/{name} cannot be filled in, so ours is sent: {error}");
            None
        }
    }
}

/// What every letter can say.
fn common(product: &str, site: &Site, recipient: &str, at: UnixMillis) -> Map<String, Value> {
    let mut common = Map::new();
    common.insert("product".to_owned(), json!(product));
    common.insert("email".to_owned(), json!(recipient));
    common.insert("time".to_owned(), json!(readable(at)));
    common.insert("account".to_owned(), json!(site.url(ACCOUNT_PATH)));
    common
}

/// `2026-11-24 18:20 UTC`: nobody knows what zone the reader is in.
fn readable(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.as_i64())
        .ok()
        .and_then(|at| strtime::format("%Y-%m-%d %H:%M UTC", at).ok())
        .unwrap_or_else(|| at.to_string())
}

/// Puts the words of ours together with what the letter has to tell.
pub(super) fn compose(
    kind: LetterKind,
    language: &'static Language,
    variables: &Map<String, Value>,
) -> Result<Composed, ComposeError> {
    let words = words::of(language);
    let letter = (words.letter)(kind);
    let mut environment = Environment::new();
    // A word that has nothing to stand for is a mistake of ours.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let given = minijinja::Value::from(Serde(variables));
    let filled = |text: &'static str| environment.render_str(text, given.clone());
    let has = |name: &str| variables.contains_key(name);

    let subject = filled(letter.subject)?;
    let closing = match Closing::of(kind) {
        Closing::Ignore => filled(words.ignore)?,
        Closing::NotYou => filled(words.not_you)?,
        Closing::Nothing => String::new(),
    };
    let expires = if has("minutes") {
        filled(words.expires)?
    } else {
        String::new()
    };
    let parts = minijinja::Value::from(Serde(json!({
        "language": language.tag,
        "direction": language.direction,
        "product": variables.get("product"),
        "subject": subject,
        "lead": filled(letter.lead)?,
        "action": letter.action,
        "address": words.address,
        "link": variables.get("link"),
        "code_label": words.code,
        "code": variables.get("code"),
        "expires": expires,
        "closing": closing,
        "sent_to": filled(words.sent_to)?,
    })));
    Ok(Composed {
        text: environment.render_named_str("letter.txt", TEXT, parts.clone())?,
        // The ending of its name is what has it escape.
        html: Some(environment.render_named_str("letter.html", HTML, parts)?),
        subject,
    })
}

const TEXT: &str = include_str!("templates/letter.txt");
const HTML: &str = include_str!("templates/letter.html");

/// What people know this provider by.
fn product(context: &Context) -> String {
    context
        .theme
        .product_name
        .clone()
        .unwrap_or_else(|| host(&context.site))
}

/// The name behind the `@` of what this server makes up.
pub(super) fn host(site: &Site) -> String {
    site.public_url.domain().unwrap_or("localhost").to_owned()
}

fn sender(site: &Site) -> String {
    format!("no-reply@{}", host(site))
}

/// A sender as the settings name it.
fn mailbox(text: &str) -> Result<Mailbox, ComposeError> {
    let Some((name, at)) = spec::module::mailbox(text) else {
        return Err(ComposeError::Address(text.to_owned()));
    };
    Ok(Mailbox::new(name.map(str::to_owned), address(at)?))
}

fn address(text: &str) -> Result<Address, ComposeError> {
    text.parse()
        .map_err(|_| ComposeError::Address(text.to_owned()))
}

/// Without what could begin another header.
fn one_line(text: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    text.chars()
        .map(blank)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::modules::{mail::Letter, pages::languages::LANGUAGES};

    fn variables(letter: &Letter<'_>) -> Map<String, Value> {
        let site = Site::new("https://auth.example.com".parse().unwrap(), None);
        let at = UnixMillis::from_millis(1_795_544_400_000);
        let mut variables = letter.variables();
        variables.extend(common("Acme", &site, "ada@example.com", at));
        variables
    }

    fn html(composed: &Composed) -> &String {
        composed.html.as_ref().unwrap()
    }

    #[test]
    fn every_letter_can_be_written_in_every_language() {
        for language in LANGUAGES {
            for letter in Letter::samples() {
                let variables = variables(&letter);
                let composed = compose(letter.kind(), language, &variables).unwrap();
                for text in [&composed.subject, &composed.text, html(&composed)] {
                    assert!(!text.contains("{{"), "{} {letter:?}", language.tag);
                }
                for (name, value) in letter.variables() {
                    let value = value.as_str().map_or(value.to_string(), str::to_owned);
                    let is_told = composed.text.contains(&value);
                    assert!(is_told, "{} {letter:?} {name}", language.tag);
                }
            }
        }
    }

    #[test]
    fn a_letter_reads_like_this() {
        let letter = Letter::samples()[0];
        let composed = compose(letter.kind(), LANGUAGES[0], &variables(&letter)).unwrap();
        insta::assert_snapshot!(composed.text);
        insta::assert_snapshot!(html(&composed));
        let letter = Letter::PasswordChanged;
        let composed = compose(letter.kind(), LANGUAGES[0], &variables(&letter)).unwrap();
        insta::assert_snapshot!(composed.text);
    }

    #[test]
    fn what_others_named_is_no_html_and_no_header() {
        let letter = Letter::PasskeyAdded {
            name: "<img src=x>\r\nBcc: eve@example.com",
        };
        let composed = compose(letter.kind(), LANGUAGES[0], &variables(&letter)).unwrap();
        assert!(!html(&composed).contains("<img"), "{composed:?}");
        let letter = Letter::AccountLinked {
            provider: "Evil\r\nBcc: eve@example.com",
        };
        let composed = compose(letter.kind(), LANGUAGES[0], &variables(&letter)).unwrap();
        let subject = one_line(&composed.subject);
        assert_eq!(
            subject,
            "Evil  Bcc: eve@example.com was linked to your account"
        );
    }
}
