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
    let decision = if verdict.allowed { "allowed" } else { "denied" };
    let reason = verdict.reason.as_ref().map(|reason| format!(" ({reason})"));
    let mut lines = vec![format!("{decision}{}", reason.unwrap_or_default())];
    lines.extend(verdict.detail.as_ref().map(|detail| format!("  {detail}")));
    let policy = verdict.policy.as_ref();
    lines.extend(policy.map(|policy| format!("  policy {}: {}", policy.index, policy.text)));
    lines.extend(verdict.failed_checks.iter().map(|failed| {
        let place = match failed.block {
            Some(block) => format!("block {block}"),
            None => "request".to_owned(),
        };
        format!("  failed, {place}, check {}: {}", failed.check, failed.text)
    }));
    lines.join("\n") + "\n"
}
