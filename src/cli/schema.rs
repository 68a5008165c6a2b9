//! `assay schema`.

use std::{fs, path::PathBuf};

use assay_reconciler::schema;

use super::{Exit, Failure, output};

const EXAMPLES: &str = "\
Examples:
  assay schema > assay.json
  assay schema --out schema/";

/// What the schema of all kinds is called.
const ALL: &str = "assay.json";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Write the schema of each kind, one for all, and that of plans into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let schemas = schema::schemas();
    let Some(folder) = &arguments.out else {
        for (_, document) in schemas.iter().filter(|(file, _)| file == ALL) {
            output::print(&schema::to_text(document))?;
        }
        return Ok(Exit::Done);
    };
    let cannot = |error| Failure::invalid(format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    for (file, document) in &schemas {
        fs::write(folder.join(file), schema::to_text(document)).map_err(cannot)?;
    }
    output::note(&format!(
        "{} schemas in {}",
        schemas.len(),
        folder.display()
    ));
    Ok(Exit::Done)
}
