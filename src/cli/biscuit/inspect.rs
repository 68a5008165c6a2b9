use std::fmt::Write as _;

use super::{MAX_FILE, Source};
use crate::{
    cli::{Exit, Failure, output},
    modules::biscuit::{Inspected, inspected},
};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let token = arguments.source.read()?;
    let longest = usize::try_from(MAX_FILE).unwrap_or(usize::MAX);
    let inspected =
        inspected(&token, longest).map_err(|error| Failure::invalid(error.to_string()))?;
    match arguments.output {
        output::Format::Json => output::print_json(&inspected)?,
        output::Format::Text => output::print(&shown(&inspected))?,
    }
    Ok(Exit::Done)
}

fn shown(inspected: &Inspected) -> String {
    let key = inspected
        .root_key_id
        .map_or_else(|| "none".to_owned(), |id| id.to_string());
    let sealed = if inspected.sealed { ", sealed" } else { "" };
    let mut text = format!("root key {key}{sealed}; signatures were not looked at\n");
    for (number, block) in inspected.blocks.iter().enumerate() {
        _ = writeln!(
            text,
            "\nblock {number} (revocation id {})",
            block.revocation_id
        );
        let mut line = |line: &str| _ = writeln!(text, "  {line}");
        if let Some(key) = &block.external_key {
            line(&format!("signed by {key}"));
        }
        if let Some(context) = &block.context {
            line(&format!("context: {context}"));
        }
        let statements = block.trusting.iter().chain(&block.facts);
        for statement in statements.chain(&block.rules).chain(&block.checks) {
            line(&format!("{statement};"));
        }
    }
    text
}
