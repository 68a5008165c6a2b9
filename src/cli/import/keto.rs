//! `assay import keto`.

use std::path::PathBuf;

use assay_permissions::import::keto::model;

use super::{
    Out,
    files::Text,
    permissions::{Read, refusal, write},
};
use crate::cli::{Exit, Failure, output};

const EXAMPLES: &str = "\
Examples:
  assay import keto namespaces.ts --out permissions
  assay import keto namespaces.ts --tuples tuples.json --out permissions
  assay import keto namespaces.ts --tuples tuples.json --subject-type Person --out permissions";

/// What is imported, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The model, in the Ory Permission Language.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// A file of relation tuples in JSON, as `keto relation-tuple get --format json` prints them. May repeat.
    #[arg(long, value_name = "FILE")]
    tuples: Vec<PathBuf>,
    /// What a `subject_id` is of: Keto does not say, and assay must know. The class `User` or `user`,
    /// unless given.
    #[arg(long, value_name = "CLASS")]
    subject_type: Option<String>,
    #[command(flatten)]
    out: Out,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = Text::read(&arguments.model)?;
    let model = model(text.source()).map_err(refusal)?;
    let subject_type = arguments.subject_type.as_deref();
    let subject_type = subject_type.unwrap_or_else(|| model.subject_type());
    let paths = arguments.tuples.iter();
    let files: Vec<Text> = paths
        .map(|path| Text::read(path))
        .collect::<Result<_, _>>()?;
    let mut tuples = Vec::new();
    let mut bare = 0;
    for file in &files {
        let source = file.source();
        let read = model.tuples(source, subject_type).map_err(refusal)?;
        bare += read.bare;
        tuples.push(Read {
            source,
            tuples: read.tuples,
        });
    }
    if bare > 0 {
        output::note(&format!(
            "a `subject_id`, as in {}, is taken for one of `{subject_type}`; --subject-type says \
             otherwise",
            output::count(bare, "tuple")
        ));
    }
    let tuples = (!tuples.is_empty()).then_some(tuples);
    write(&model.schema, &[text.source()], tuples, &arguments.out)
}
