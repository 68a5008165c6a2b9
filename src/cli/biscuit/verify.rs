use super::{Source, said::Statements};
use crate::{
    cli::{Exit, Failure, output, way::Where},
    modules::biscuit::{Verdict, VerifyRequest},
};

/// The command's arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    said: Statements,
    /// A policy, as in `allow if user("ada")`; may be repeated. The first that matches counts.
    #[arg(long = "policy", value_name = "DATALOG")]
    policies: Vec<String>,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let request = VerifyRequest {
        token: arguments.source.read()?,
        parameters: arguments.said.parameters(),
        facts: arguments.said.facts,
        rules: arguments.said.rules,
        checks: arguments.said.checks,
        policies: arguments.policies,
    };
    let verdict = arguments
        .place
        .to_read()
        .await?
        .verify_biscuit(request)
        .await?;
    match arguments.output {
        output::Format::Json => output::print_json(&verdict)?,
        output::Format::Text => output::print(&shown(&verdict))?,
    }
    Ok(if verdict.allowed {
        Exit::Done
    } else {
        Exit::Differs
    })
}

fn shown(verdict: &Verdict) -> String {
    let mut text = String::from(if verdict.allowed { "allowed" } else { "denied" });
    if let Some(reason) = &verdict.reason {
        text.push_str(&format!(" ({reason})"));
    }
    text.push('\n');
    if let Some(detail) = &verdict.detail {
        text.push_str(&format!("  {detail}\n"));
    }
    if let Some(policy) = &verdict.policy {
        text.push_str(&format!("  policy {}: {}\n", policy.index, policy.text));
    }
    for failed in &verdict.failed_checks {
        let place = match failed.block {
            Some(block) => format!("block {block}"),
            None => "request".to_owned(),
        };
        text.push_str(&format!(
            "  failed, {place}, check {}: {}\n",
            failed.check, failed.text
        ));
    }
    text
}
