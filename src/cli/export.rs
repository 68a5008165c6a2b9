//! `assay export`.

use assay_reconciler::diff::SetName;

use super::{Exit, Failure, output, way::Where};

const EXAMPLES: &str = "\
Examples:
  assay export > idp.yaml
  assay export --set payments -o json
  assay export --all > everything.yaml

Each object belongs to someone: the set of manifests that it was applied with (`default` unless
`apply --set` said another), the first start (`boot`), or the admin API. Without --all, one set is
exported, so that `assay diff --prune` of it shows nothing and `assay apply` of it takes nothing from
anyone. With --all, everything that is live is exported, each object under a comment that names its
owner; to apply that is to adopt all of it, and needs `--take-over`.";

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
