//! `assay status`.

use std::fmt::Write as _;

use super::{Exit, Failure, history::revision, output, way::Where};
use crate::modules::admin::Status;

const EXAMPLES: &str = "\
Examples:
  assay status
  assay status -o json --server https://auth.example.com --admin-key-file key";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let status = arguments.place.to_read().await?.status().await?;
    match arguments.output {
        output::Format::Json => output::print_json(&status)?,
        output::Format::Text => output::print(&text(&status))?,
    }
    Ok(Exit::Done)
}

fn text(status: &Status) -> String {
    let mut text = format!("generation  {}\n", status.generation);
    if let Some(record) = &status.record {
        _ = writeln!(text, "made        {}", record.created_at);
        _ = writeln!(text, "by          {}", record.actor);
        _ = writeln!(text, "commit      {}", revision(&record.source));
    }
    let servers = &status.replicas;
    _ = writeln!(text, "servers     {}", servers.len());
    for server in servers {
        let error = server.error.as_deref().map(|error| format!(": {error}"));
        _ = writeln!(
            text,
            "  {} serves {}{}",
            server.id,
            server.generation,
            error.unwrap_or_default()
        );
    }
    text
}
