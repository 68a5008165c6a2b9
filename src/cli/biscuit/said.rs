use std::str::FromStr;

use assay_reconciler::spec::Span;
use serde_json::{Map, Value};

use crate::cli::Failure;

/// What a block is to say.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "What it says")]
pub(super) struct Statements {
    /// A fact, as in `user("ada")`; may be repeated.
    #[arg(long = "fact", value_name = "DATALOG")]
    pub(super) facts: Vec<String>,
    /// A rule, as in `right($r, "read") <- owner($r)`; may be repeated.
    #[arg(long = "rule", value_name = "DATALOG")]
    pub(super) rules: Vec<String>,
    /// A check, as in `check if operation("read")`; may be repeated.
    #[arg(long = "check", value_name = "DATALOG")]
    pub(super) checks: Vec<String>,
    /// A text for `{name}` in any of them; may be repeated.
    #[arg(long = "param", value_name = "NAME=TEXT")]
    parameters: Vec<Parameter>,
}

impl Statements {
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let pairs = self.parameters.iter().map(|parameter| {
            let Parameter { name, text } = parameter.clone();
            (name, Value::String(text))
        });
        pairs.collect()
    }
}

/// `name=text`.
#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    text: String,
}

impl FromStr for Parameter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, text) = text.split_once('=').ok_or("NAME=TEXT is expected")?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }
}

/// How long a token lives, in seconds.
pub(super) fn seconds(span: Option<&str>) -> Result<Option<u32>, Failure> {
    let span = span.map(str::parse::<Span>).transpose();
    let span = span.map_err(|error| Failure::invalid(format!("--expires-in: {error}")))?;
    Ok(span.map(Span::as_secs))
}
