//! `assay apply`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use assay_reconciler::diff::{PlanDocument, SetName};

use super::{Exit, Failure, changed, manifests, output, way::Where};
use crate::modules::admin::{ApplyRequest, Refusal};

/// How long `--wait` waits, in seconds, if it does not say.
const WAIT: &str = "30";

const EXAMPLES: &str = "\
Examples:
  assay apply -f idp/
  assay apply -f idp/ --prune --wait
  assay diff -f idp/ --out plan.json && assay apply plan.json
  assay apply -f idp/ --server https://auth.example.com --admin-key-file key

Everything is changed in one transaction, or nothing is.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, reason = "these are switches")]
pub(super) struct Arguments {
    /// A plan that `assay diff --out` saved. Refused if anything has changed since.
    #[arg(value_name = "PLAN", required_unless_present = "paths")]
    plan: Option<PathBuf>,
    /// A file, a folder with everything in it, or `-` for standard input. May be repeated.
    #[arg(
        short = 'f',
        long = "file",
        value_name = "PATH",
        num_args = 1..,
        conflicts_with = "plan"
    )]
    paths: Vec<PathBuf>,
    /// The set that the manifests are; what a set owns, another one does not change.
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with = "plan")]
    set: SetName,
    /// Delete what the set owns and no longer names.
    #[arg(long, conflicts_with = "plan")]
    prune: bool,
    /// Adopt objects of the same name that belong to others.
    #[arg(long, conflicts_with = "plan")]
    take_over: bool,
    /// Do all of it, and undo it.
    #[arg(long)]
    dry_run: bool,
    /// Do what is rarely meant, too, such as deleting most of a set.
    #[arg(long)]
    yes: bool,
    /// Wait until every live server serves the change.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = WAIT
    )]
    wait: Option<u64>,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let mut request = ApplyRequest {
        set: arguments.set,
        manifests: None,
        plan: None,
        prune: arguments.prune,
        take_over: arguments.take_over,
        dry_run: arguments.dry_run,
        yes: arguments.yes,
        source: manifests::source(&arguments.paths),
    };
    match &arguments.plan {
        Some(file) => request.plan = Some(read(file)?),
        None => request.manifests = Some(manifests::objects(&arguments.paths)?),
    }
    let way = if arguments.dry_run {
        arguments.place.to_read().await?
    } else {
        arguments.place.to_write().await?
    };
    let reply = way.apply(request).await?;
    let exit = changed::print(&reply, arguments.output)?;
    if let Some(seconds) = arguments.wait.filter(|_| !arguments.dry_run) {
        let limit = Duration::from_secs(seconds);
        let servers = way.all_serve(reply.generation, limit).await?;
        output::note(&format!(
            "{servers} of {servers} live servers serve generation {}",
            reply.generation
        ));
    }
    Ok(exit)
}

fn read(file: &Path) -> Result<PlanDocument, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::invalid(format!("cannot read {}: {error}", file.display())))?;
    PlanDocument::parse(&text).map_err(|error| Refusal::from(error).into())
}
