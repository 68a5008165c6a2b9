//! What is said of a change of the configuration.

use assay_reconciler::diff::{Summary, render};

use super::{Exit, Failure, output};
use crate::modules::admin::{ApplyReply, Outcome};

/// Prints what came of it.
pub(super) fn print(reply: &ApplyReply, format: output::Format) -> Result<Exit, Failure> {
    match format {
        output::Format::Json => output::print_json(reply)?,
        output::Format::Text => output::print(&text(reply, output::stdout_has_colour()))?,
    }
    if let Some(reason) = &reply.not_serving {
        return Err(Failure::new(Exit::NotServed, reason.as_str()));
    }
    Ok(Exit::Done)
}

fn text(reply: &ApplyReply, colour: bool) -> String {
    let mut text = String::new();
    if !reply.plan.changes.is_empty() || !reply.plan.unnamed.is_empty() {
        text = render::text(&reply.plan, colour);
    }
    let generation = reply.generation;
    let done = counts(reply.plan.summary);
    let line = match reply.outcome {
        Outcome::Applied => format!("applied generation {generation} ({done})"),
        Outcome::Unchanged => format!("nothing to do (generation {generation})"),
        Outcome::DryRun => format!("dry run: nothing was changed ({done})"),
    };
    text.push_str(&line);
    text.push('\n');
    text
}

fn counts(summary: Summary) -> String {
    format!(
        "{} created, {} changed, {} deleted",
        summary.create, summary.change, summary.delete
    )
}
