//! `assay validate`.

use assay_reconciler::SecretHandling;

use super::{Exit, Failure, manifests::Files, output};

const EXAMPLES: &str = "\
Examples:
  assay validate -f idp/
  assay validate -f idp/ --no-secrets
  kustomize build overlays/production | assay validate -f -";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// Do not read the secrets that manifests refer to; for jobs that have none.
    #[arg(long)]
    no_secrets: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let secrets = if arguments.no_secrets {
        SecretHandling::Skip
    } else {
        SecretHandling::Resolve
    };
    let loaded = arguments.files.load(secrets)?;
    output::print_line(&format!(
        "{} in {}: valid",
        output::count(loaded.manifests.len(), "manifest"),
        output::count(loaded.files, "file")
    ))?;
    Ok(Exit::Done)
}
