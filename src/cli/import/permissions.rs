//! What the importers of permissions have in common: what fits together is written.

use std::io::Write as _;

use assay_permissions::{
    TupleLine,
    import::{ImportError, Placed, Schema, Source, misfits},
};
use assay_reconciler::{LoadOptions, SecretHandling, SourcePath};

use super::{Out, files::Folder};
use crate::cli::{Exit, Failure, ProcessSecrets, output};

const MANIFESTS: &str = "namespaces.yaml";
const TUPLES: &str = "tuples.ndjson";

/// What was read of one file of tuples.
pub(super) struct Read<'a> {
    pub(super) source: Source<'a>,
    pub(super) tuples: Vec<Placed>,
}

/// Writes all of it or, if any of it does not fit the rest, nothing.
pub(super) fn write(
    schema: &Schema,
    sources: &[Source<'_>],
    tuples: Option<Vec<Read<'_>>>,
    out: &Out,
) -> Result<Exit, Failure> {
    check(schema, sources, tuples.as_deref().unwrap_or_default())?;
    let manifests = schema.manifests()?;
    // What `assay validate` is going to say.
    let options = LoadOptions {
        secrets: SecretHandling::Skip,
    };
    let source = SourcePath::Stdin(manifests.clone().into_bytes());
    assay_reconciler::load(&[source], &ProcessSecrets, options)?;
    let names = [MANIFESTS, TUPLES];
    let names = if tuples.is_some() {
        &names[..]
    } else {
        &names[..1]
    };
    let mut folder = Folder::new(out, names)?;
    let path = folder.write(MANIFESTS, |file| file.write_all(manifests.as_bytes()))?;
    let namespaces = output::count(schema.namespaces.len(), "namespace");
    let mut said = format!("{namespaces} in {}", path.display());
    if let Some(tuples) = tuples {
        let mut count = 0_usize;
        let path = folder.write(TUPLES, |file| {
            for placed in tuples.into_iter().flat_map(|read| read.tuples) {
                serde_json::to_writer(&mut *file, &TupleLine::from(placed.tuple))?;
                file.write_all(b"\n")?;
                count += 1;
            }
            Ok(())
        })?;
        let count = output::count(count, "tuple");
        said = format!("{said}\n{count} in {}", path.display());
    }
    folder.finish()?;
    for note in &schema.notes {
        output::note(note);
    }
    output::print_line(&said)?;
    Ok(Exit::Done)
}

fn check(schema: &Schema, sources: &[Source<'_>], files: &[Read<'_>]) -> Result<(), Failure> {
    let plan = schema.plan(sources).map_err(|errors| refused(&errors, 0))?;
    if let (true, Some(source)) = (schema.namespaces.is_empty(), sources.first()) {
        let message = format!("{}: there is no type in it", source.name);
        return Err(Failure::new(Exit::NO_COUNTERPART, message));
    }
    let mut errors = Vec::new();
    let mut count = 0;
    for Read { source, tuples } in files {
        let (first, all) = misfits(&plan, *source, tuples);
        errors.extend(first);
        count += all;
    }
    if count > 0 {
        return Err(refused(&errors, count - errors.len()));
    }
    Ok(())
}

/// One that ended the reading.
pub(super) fn refusal(error: ImportError) -> Failure {
    refused(&[error], 0)
}

fn refused(errors: &[ImportError], more: usize) -> Failure {
    let mut lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.push("nothing was written".to_owned());
    Failure::new(Exit::NO_COUNTERPART, lines.join("\n"))
}
