//! Puts a letter together from the words of an operator: for validation with values that are made up, for
//! the server with those of the letter.
//!
//! Whoever may write templates is not to have a way to more than words: there is no tag but `if`, so that
//! nothing grows in loops or switches escaping off, no filter that marks text as safe, and an end to the
//! work and to the length of what comes of it.

mod scan;

use std::{fmt, io, ops::Range};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, filters, value::Serde,
};
use serde_json::{Map, Value};

use crate::spec::{LetterKind, MailTemplateSpec};

/// Steps of one template; the longest letter of ours takes a few hundred.
const FUEL: u64 = 20_000;
/// Most bytes of what comes of one template.
const MAX_WRITTEN: usize = 256 * 1_024;

/// A letter in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// What stands over it.
    pub subject: String,
    /// Without markup.
    pub text: String,
    /// With markup, if it has that.
    pub html: Option<String>,
}

/// A template that nothing comes of. Holds nothing of what was put into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateError {
    /// Which field of the spec.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The bytes of the field that are wrong, if that can be said.
    pub within: Option<Range<usize>>,
    /// The line within the field, from 1.
    pub line: Option<usize>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.field)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for TemplateError {}

/// The letter with these words. `variables` are all that its kind promises, and what every letter has.
///
/// # Errors
/// What is wrong with the first template that cannot be filled in.
pub fn write(
    spec: &MailTemplateSpec,
    variables: &Map<String, Value>,
) -> Result<Written, TemplateError> {
    let fill = |field, text| fill(field, text, variables);
    Ok(Written {
        subject: fill("subject", &spec.subject)?,
        text: fill("text", &spec.text)?,
        html: spec
            .html
            .as_deref()
            .map(|html| fill("html", html))
            .transpose()?,
    })
}

/// What is wrong with the templates as such: all of it, before anything is put into them.
pub(crate) fn check(spec: &MailTemplateSpec, letter: LetterKind) -> Vec<TemplateError> {
    let mut wrong = Vec::new();
    for (field, text) in fields(spec) {
        if let Err(error) = scan::check(field, text) {
            wrong.push(error);
            continue;
        }
        let environment = environment(field);
        match environment.template_from_named_str(field, text) {
            Err(error) => wrong.push(of(field, text, &error)),
            Ok(template) => {
                let mut named: Vec<String> =
                    template.undeclared_variables(false).into_iter().collect();
                named.sort_unstable();
                wrong.extend(
                    named
                        .iter()
                        .filter_map(|name| unknown(field, text, name, letter)),
                );
            }
        }
    }
    wrong
}

/// Every template with the name of its field.
fn fields(spec: &MailTemplateSpec) -> impl Iterator<Item = (&'static str, &str)> {
    let html = spec.html.as_deref().map(|html| ("html", html));
    [("subject", &*spec.subject), ("text", &*spec.text)]
        .into_iter()
        .chain(html)
}

fn unknown(
    field: &'static str,
    text: &str,
    name: &str,
    letter: LetterKind,
) -> Option<TemplateError> {
    let known: Vec<&str> = letter.told().collect();
    if known.contains(&name) {
        return None;
    }
    let within = scan::place_of(text, name);
    Some(TemplateError {
        field,
        message: format!("the letter `{letter}` does not tell `{name}`"),
        help: Some(crate::validate::suggest::did_you_mean(name, &known)),
        line: within.as_ref().map(|within| line_at(text, within.start)),
        within,
    })
}

fn environment(field: &str) -> Environment<'static> {
    let is_html = field == "html";
    let mut environment = Environment::empty();
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| {
        if is_html {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", filters::default);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment
}

/// The filters of [`environment`].
const FILTERS: &str = "`capitalize`, `default`, `length`, `lower`, `title`, `trim` and `upper`";

fn fill(
    field: &'static str,
    text: &str,
    variables: &Map<String, Value>,
) -> Result<String, TemplateError> {
    scan::check(field, text)?;
    let environment = environment(field);
    let given = minijinja::Value::from(Serde(variables));
    let mut written = Bounded(Vec::new());
    let filled = environment
        .template_from_named_str(field, text)
        .and_then(|template| template.render_captured_to(given, &mut written).map(drop));
    filled.map_err(|error| of(field, text, &error))?;
    String::from_utf8(written.0).map_err(|_| TemplateError {
        field,
        message: "what comes of it is no text".to_owned(),
        help: None,
        within: None,
        line: None,
    })
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_WRITTEN {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of(field: &'static str, text: &str, error: &Error) -> TemplateError {
    let (message, help) = match error.kind() {
        ErrorKind::OutOfFuel | ErrorKind::WriteFailure => {
            let message = "it takes too long, or becomes too long";
            (message.to_owned(), Some("write less".to_owned()))
        }
        ErrorKind::UnknownFilter => {
            let help = format!("there are {FILTERS}");
            ("there is no such filter".to_owned(), Some(help))
        }
        ErrorKind::UndefinedError => {
            let help = "a letter tells texts and numbers, which have no parts";
            (
                "there is nothing of this name".to_owned(),
                Some(help.to_owned()),
            )
        }
        // Only of syntax errors does the detail surely speak of nothing but the template.
        ErrorKind::SyntaxError => {
            let message = error.detail().unwrap_or("it cannot be read");
            (message.to_owned(), None)
        }
        kind => (kind.to_string(), None),
    };
    TemplateError {
        field,
        message,
        help,
        within: error
            .range()
            .filter(|range| text.get(range.clone()).is_some()),
        line: error.line(),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
