use super::{
    Source,
    said::{Statements, seconds},
};
use crate::{
    cli::{Exit, Failure, output},
    clock::UnixMillis,
    modules::biscuit::{IssueRequest, attenuated_offline},
};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    said: Statements,
    /// How long it lives at most, as in `90s`, `1h` or `7d`.
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let token = arguments.source.read()?;
    let request = IssueRequest {
        facts: arguments.said.facts.clone(),
        rules: arguments.said.rules.clone(),
        checks: arguments.said.checks.clone(),
        parameters: arguments.said.parameters(),
        expires_in: seconds(arguments.expires_in.as_deref())?,
        context: None,
    };
    let narrower = attenuated_offline(&token, &request, UnixMillis::now())
        .map_err(|error| Failure::invalid(error.to_string()))?;
    output::print_line(&narrower)?;
    Ok(Exit::Done)
}
