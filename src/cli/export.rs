//! `assay export`.

use assay_reconciler::diff::SetName;

use super::{Exit, Failure, output, way::Where};

const EXAMPLES: &str = "\
Examples:
  assay export > idp.yaml
  assay export --set payments -o json
  assay export --all                      # also what no set of manifests owns

What is exported is what the set owns, so that `assay diff` of it shows nothing.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The set of manifests to export.
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with = "all")]
    set: SetName,
    /// Export everything, whoever owns it.
    #[arg(long)]
    all: bool,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    output: Format,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Manifests, one document each.
    Yaml,
    /// A list of manifests.
    Json,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let way = arguments.place.to_read().await?;
    let set = Some(&arguments.set).filter(|_| !arguments.all);
    let export = way.export(set).await?;
    if let (Some(set), []) = (set, &export.objects[..]) {
        output::note(&format!(
            "set `{set}` owns nothing; --all exports everything"
        ));
    }
    match arguments.output {
        Format::Json => {
            let manifests: Vec<_> = export.objects.iter().map(|o| &o.manifest).collect();
            output::print_json(&manifests)?;
        }
        Format::Yaml => {
            let mut text = String::new();
            for object in &export.objects {
                text.push_str("---\n# owner: ");
                text.push_str(&object.owner);
                text.push('\n');
                text.push_str(&assay_reconciler::to_yaml(&object.manifest)?);
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Done)
}
