//! `assay zanzibar check`, `explain`, `expand` and `lookup`.

use serde_json::{Map, Value, json};

use super::question::Question;
use crate::cli::{
    Exit, Failure,
    output::{self, Format},
    way::{Way, Where},
};

const CHECK_EXAMPLES: &str = "\
Examples:
  assay zanzibar check document:readme#view@user:ada
  assay zanzibar check document:readme#view@group:staff#member
  assay zanzibar check document:readme#view@user:ada --context '{\"hour\": 10}'";

const LOOKUP_EXAMPLES: &str = "\
Examples:
  assay zanzibar lookup resources document#view@user:ada
  assay zanzibar lookup subjects document:readme#view@user";

/// What is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(super) struct Check {
    /// The object, the relation or permission, and the subject: `document:readme#view@user:ada`.
    #[arg(value_name = "TYPE:ID#RELATION@TYPE:ID")]
    question: String,
    #[command(flatten)]
    common: Common,
}

/// What is taken apart.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay zanzibar expand document:readme#view")]
pub(super) struct Expand {
    /// The object, and the relation or permission: `document:readme#view`.
    #[arg(value_name = "TYPE:ID#RELATION")]
    question: String,
    #[command(flatten)]
    place: Where,
}

/// What is listed.
#[derive(Debug, clap::Args)]
#[command(after_help = LOOKUP_EXAMPLES)]
pub(super) struct Lookup {
    /// Objects of a type (`document#view@user:ada`), or subjects of a type (`document:readme#view@user`).
    what: Listed,
    /// What of, with the type of what is listed in the place of its name.
    #[arg(value_name = "QUESTION")]
    question: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Listed {
    /// Objects that a subject has it to.
    Resources,
    /// Subjects that have it to an object.
    Subjects,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Parameters of caveats: a JSON object.
    #[arg(long, value_name = "JSON")]
    context: Option<String>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    place: Where,
}

impl Common {
    fn context(&self) -> Result<Value, Failure> {
        let Some(text) = &self.context else {
            return Ok(json!({}));
        };
        let context: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Failure::invalid(format!("`--context` is no JSON object: {error}")))?;
        Ok(Value::Object(context))
    }

    /// What is said of the newest tuples there are.
    fn body(&self, question: Question) -> Result<Map<String, Value>, Failure> {
        let fresh = json!({ "fully_consistent": true });
        Ok(question
            .with("context", self.context()?)
            .with("consistency", fresh)
            .0)
    }
}

const WHOLE: &str = "TYPE:ID#RELATION@TYPE:ID";

pub(super) async fn check(check: Check) -> Result<Exit, Failure> {
    let body = check.common.body(Question::read(&check.question, WHOLE)?)?;
    let way = check.common.place.to_read().await?;
    let said = way.ask_permissions("check", body).await?;
    match check.common.output {
        Format::Json => output::print_json(&said)?,
        Format::Text => output::print_line(&in_words(&said))?,
    }
    Ok(if said["result"] == "HAS" {
        Exit::Done
    } else {
        Exit::Differs
    })
}

/// `HAS`, `NO`, or `CONDITIONAL: hour`.
fn in_words(answer: &Value) -> String {
    let result = answer["result"].as_str().unwrap_or_default();
    let missing = answer["missing"].as_array();
    let missing = missing.into_iter().flatten().filter_map(Value::as_str);
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        result.to_owned()
    } else {
        format!("{result}: {}", missing.join(", "))
    }
}

pub(super) async fn explain(check: Check) -> Result<Exit, Failure> {
    let body = check.common.body(Question::read(&check.question, WHOLE)?)?;
    let way = check.common.place.to_read().await?;
    output::print_json(&way.ask_permissions("explain", body).await?)?;
    Ok(Exit::Done)
}

pub(super) async fn expand(expand: Expand) -> Result<Exit, Failure> {
    let body = Question::read(&expand.question, "TYPE:ID#RELATION")?
        .with("consistency", json!({ "fully_consistent": true }))
        .0;
    let way = expand.place.to_read().await?;
    output::print_json(&way.ask_permissions("expand", body).await?)?;
    Ok(Exit::Done)
}

pub(super) async fn lookup(lookup: Lookup) -> Result<Exit, Failure> {
    let (path, form, list, name) = match lookup.what {
        Listed::Resources => (
            "lookup-resources",
            "TYPE#RELATION@TYPE:ID",
            "objects",
            "object_id",
        ),
        Listed::Subjects => (
            "lookup-subjects",
            "TYPE:ID#RELATION@TYPE",
            "subjects",
            "subject_id",
        ),
    };
    let mut body = lookup
        .common
        .body(Question::read(&lookup.question, form)?)?;
    body.insert("limit".to_owned(), 10_000.into());
    let way: Way = lookup.common.place.to_read().await?;
    let mut everyone = true;
    loop {
        let page = way.ask_permissions(path, body.clone()).await?;
        if std::mem::take(&mut everyone)
            && page
                .get("everyone")
                .is_some_and(|answer| answer["result"] != "NO")
        {
            print(lookup.common.output, "*", &page["everyone"])?;
        }
        for item in page[list].as_array().into_iter().flatten() {
            print(
                lookup.common.output,
                item[name].as_str().unwrap_or_default(),
                item,
            )?;
        }
        match page.get("after") {
            Some(Value::String(after)) => body.insert("after".to_owned(), after.as_str().into()),
            _ => return Ok(Exit::Done),
        };
    }
}

/// One name a line, with what it depends on; an excluded one with its no.
fn print(format: Format, name: &str, answer: &Value) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_line(&answer.to_string()),
        Format::Text if answer["result"] == "HAS" => output::print_line(name),
        Format::Text => output::print_line(&format!("{name}  {}", in_words(answer))),
    }
}
