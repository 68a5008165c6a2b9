//! `assay diff`.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use assay_reconciler::diff::{PlanDocument, SetName, render};

use super::{Exit, Failure, manifests::Files, output, way::Where};
use crate::modules::admin::PlanRequest;

const EXAMPLES: &str = "\
Examples:
  assay diff -f idp/
  assay diff -f idp/ --prune -o markdown > comment.md
  assay diff -f idp/ --out plan.json && assay apply plan.json

Exits with 0 if nothing differs, 1 if something does, 2 or more on an error.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// The set that the manifests are; what a set owns, another one does not change.
    #[arg(long, value_name = "NAME", default_value_t)]
    set: SetName,
    /// Delete what the set owns and no longer names.
    #[arg(long)]
    prune: bool,
    /// Adopt objects of the same name that belong to others.
    #[arg(long)]
    take_over: bool,
    /// Save the plan, for `assay apply FILE`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; docs/plan-format.md.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let request = PlanRequest {
        set: arguments.set,
        manifests: arguments.files.objects()?,
        prune: arguments.prune,
        take_over: arguments.take_over,
        save: arguments.out.is_some(),
    };
    let mut plan = arguments.place.to_read().await?.plan(request).await?;
    if let Some(file) = &arguments.out {
        save(&plan, file)?;
    }
    // What is printed is for reading.
    plan.desired = None;
    match arguments.output {
        Format::Text => output::print(&render::text(&plan, output::stdout_has_colour()))?,
        Format::Json => output::print_json(&plan)?,
        Format::Markdown => output::print(&render::markdown(&plan))?,
    }
    Ok(if plan.changes.is_empty() {
        Exit::Done
    } else {
        Exit::Differs
    })
}

/// For its owner's eyes only: it holds secrets, if sealed ones.
fn save(plan: &PlanDocument, file: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan)?;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut out| writeln!(out, "{text}"))
        .map_err(|error| Failure::invalid(format!("cannot write {}: {error}", file.display())))
}
