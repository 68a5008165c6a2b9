//! `assay import openfga`.

use std::path::PathBuf;

use assay_permissions::import::openfga::{Store, model, modules, store};

use super::{
    Out,
    files::{Text, beside, is_yaml},
    permissions::{Read, refusal, write},
};
use crate::cli::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  assay import openfga model.fga --out permissions
  assay import openfga fga.mod --tuples tuples.csv --out permissions
  assay import openfga store.fga.yaml --out permissions";

/// What is imported, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The model: its one file, the `fga.mod` of its modules, or a store (`store.fga.yaml`) with its tuples.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// A file of tuples as `fga tuple write` takes and `fga tuple read` gives: `.yaml`, `.json`, `.jsonl` or
    /// `.csv`. May repeat.
    #[arg(long, value_name = "FILE")]
    tuples: Vec<PathBuf>,
    #[command(flatten)]
    out: Out,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut path = arguments.model.clone();
    let mut text = Text::read(&path)?;
    let mut paths = arguments.tuples.clone();
    let mut stored = None;
    if is_yaml(&path) {
        let Store {
            model,
            model_file,
            tuple_file,
            tuple_files,
        } = store(text.source()).map_err(refusal)?;
        let more = tuple_file.iter().chain(&tuple_files);
        paths.extend(more.map(|name| beside(&path, name)));
        let model = match (model, model_file) {
            (Some(model), _) => Text::within(&text, "model", model),
            (None, Some(name)) => {
                path = beside(&path, &name);
                Text::read(&path)?
            }
            (None, None) => {
                let message = format!("{}: a store has `model` or `model_file`", path.display());
                return Err(Failure::new(Exit::NO_COUNTERPART, message));
            }
        };
        stored = Some(std::mem::replace(&mut text, model));
    }
    let mut texts = vec![text];
    if path.extension().is_some_and(|ending| ending == "mod") {
        let names = modules(texts[0].source()).map_err(refusal)?.contents;
        let read = names.iter().map(|name| Text::read(&beside(&path, name)));
        texts = read.collect::<Result<_, _>>()?;
    }
    let sources: Vec<_> = texts.iter().map(Text::source).collect();
    let model = model(&sources).map_err(refusal)?;
    let files: Vec<Text> = paths
        .iter()
        .map(|path| Text::read(path))
        .collect::<Result<_, _>>()?;
    let mut tuples = Vec::new();
    if let Some(stored) = &stored {
        let source = stored.source();
        let read = model.tuples_of_store(source).map_err(refusal)?;
        tuples.push(Read {
            source,
            tuples: read,
        });
    }
    for file in &files {
        let source = file.source();
        let read = model.tuples(source).map_err(refusal)?;
        tuples.push(Read {
            source,
            tuples: read,
        });
    }
    let tuples = (!tuples.is_empty()).then_some(tuples);
    write(&model.schema, &sources, tuples, &arguments.out)
}
