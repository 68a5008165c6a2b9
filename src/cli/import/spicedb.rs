//! `assay import spicedb`.

use std::path::PathBuf;

use assay_permissions::import::spicedb::{relationships, schema, validation};

use super::{
    Out,
    files::{Text, is_yaml},
    permissions::{Read, refusal, write},
};
use crate::cli::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  assay import spicedb schema.zed --out permissions
  assay import spicedb schema.zed --tuples relationships.txt --out permissions
  assay import spicedb validation.yaml --out permissions";

/// What is imported, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The schema; or a validation file (`.yaml`) with a schema and relationships.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
    /// A file with one relationship a line: `document:1#viewer@user:ada`, or as `zed relationship read` prints
    /// them. May repeat.
    #[arg(long, value_name = "FILE")]
    tuples: Vec<PathBuf>,
    #[command(flatten)]
    out: Out,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut text = Text::read(&arguments.schema)?;
    let mut files = Vec::new();
    if is_yaml(&arguments.schema) {
        let both = validation(text.source()).map_err(refusal)?;
        files.push(Text::within(&text, "relationships", both.relationships));
        text = Text::within(&text, "schema", both.schema);
    }
    for path in &arguments.tuples {
        files.push(Text::read(path)?);
    }
    let read = schema(text.source()).map_err(refusal)?;
    let mut tuples = Vec::new();
    for file in &files {
        let source = file.source();
        let read = relationships(source).map_err(refusal)?;
        tuples.push(Read {
            source,
            tuples: read,
        });
    }
    let tuples = (!tuples.is_empty()).then_some(tuples);
    write(&read, &[text.source()], tuples, &arguments.out)
}
