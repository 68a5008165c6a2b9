use super::said::{Statements, seconds};
use crate::{
    cli::{Exit, Failure, output, way::Where},
    modules::biscuit::IssueRequest,
};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    said: Statements,
    /// How long it lives, as in `90s`, `1h` or `7d`; `tokenTtl` of module `biscuit` unless given.
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<String>,
    /// Text that goes with the token and means nothing.
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// How to print it: the token alone, or all that is known of it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let request = IssueRequest {
        parameters: arguments.said.parameters(),
        facts: arguments.said.facts,
        rules: arguments.said.rules,
        checks: arguments.said.checks,
        expires_in: seconds(arguments.expires_in.as_deref())?,
        context: arguments.context,
    };
    let issued = arguments
        .place
        .to_read()
        .await?
        .issue_biscuit(&request)
        .await?;
    match arguments.output {
        output::Format::Json => output::print_json(&issued)?,
        output::Format::Text => output::print_line(&issued.token)?,
    }
    Ok(Exit::Done)
}
