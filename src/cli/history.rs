//! `assay history`.

use super::{Exit, Failure, output, way::Where};
use crate::{
    generation::{GenerationRecord, Source},
    modules::admin::HistoryQuery,
};

const EXAMPLES: &str = "\
Examples:
  assay history
  assay history --limit 1 -o json";

/// Characters of a commit that are shown.
const SHORT: usize = 10;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many generations at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let query = HistoryQuery {
        limit: Some(arguments.limit),
        before: None,
    };
    let way = arguments.place.to_read().await?;
    let generations = way.history(query).await?.generations;
    match arguments.output {
        output::Format::Json => output::print_json(&generations)?,
        output::Format::Text => {
            let heading = ["GENERATION", "TIME", "ACTOR", "SOURCE", "CHANGES"];
            let rows: Vec<_> = generations.iter().map(row).collect();
            output::print(&output::table(heading, &rows))?;
        }
    }
    Ok(Exit::Done)
}

fn row(record: &GenerationRecord) -> [String; 5] {
    [
        record.generation.to_string(),
        record.created_at.to_string(),
        record.actor.to_string(),
        revision(&record.source),
        record.summary.clone(),
    ]
}

/// The commit, and `+` if the folder differed from it.
pub(super) fn revision(source: &Source) -> String {
    match &source.commit {
        None => "-".to_owned(),
        Some(commit) => {
            let short: String = commit.chars().take(SHORT).collect();
            let mark = if source.dirty == Some(true) { "+" } else { "" };
            format!("{short}{mark}")
        }
    }
}
