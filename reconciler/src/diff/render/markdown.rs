//! A plan for a comment on a pull request.

use std::fmt::Write as _;

use super::{phrase, unified, visible};
use crate::diff::{Action, PlanDocument, document::ChangeDocument};

/// The most that [`markdown`] returns, in bytes. A comment on GitHub may hold 65,536 characters;
/// some are left for a line that CI adds.
pub const MARKDOWN_LIMIT: usize = 65_000;

/// How much of it the table may take.
const TABLE_LIMIT: usize = 20_000;

/// How much of it notes after the diffs may take.
const NOTES_LIMIT: usize = 8_000;

/// How many diffs may be found too long before the rest is not looked at.
const MISSES: usize = 50;

/// A heading with the summary, a table of the objects, and a diff for each, folded away. Whatever
/// a manifest says, it stays where it is: it cannot end a code block, become HTML, mention people
/// or point at issues. What does not fit into a comment is counted.
pub fn markdown(plan: &PlanDocument) -> String {
    let mut out = format!("### assay: {}\n", phrase::summary(&plan.summary));
    for guard in plan.guards.iter().take(5) {
        let _ = write!(out, "\n> **Needs `--yes`:** {}\n", code(&guard.message));
    }
    table(&mut out, plan);
    details(&mut out, plan);
    footer(&mut out, plan);
    out
}

fn table(out: &mut String, plan: &PlanDocument) {
    if plan.changes.is_empty() {
        return;
    }
    out.push_str("\n| | object | |\n|---|---|---|\n");
    let end = out.len() + TABLE_LIMIT;
    for (index, change) in plan.changes.iter().enumerate() {
        let notes = phrase::notes(change);
        let notes = if notes.is_empty() {
            String::new()
        } else {
            code(&notes.join("; "))
        };
        let row = format!(
            "| {} | {} | {notes} |\n",
            word(change),
            code(&phrase::title(change)),
        );
        if out.len() + row.len() > end {
            let more = phrase::thousands(plan.changes.len() - index);
            let _ = writeln!(out, "| … | {more} more | |");
            break;
        }
        out.push_str(&row);
    }
}

fn word(change: &ChangeDocument) -> &'static str {
    match change.action {
        Action::Create => "create",
        Action::Update if change.renamed_from.is_some() => "rename",
        Action::Update => "change",
        Action::Delete => "delete",
    }
}

fn details(out: &mut String, plan: &PlanDocument) {
    let mut left_out = 0;
    for (index, change) in plan.changes.iter().enumerate() {
        if left_out >= MISSES {
            left_out += plan.changes.len() - index;
            break;
        }
        let room = MARKDOWN_LIMIT
            .saturating_sub(NOTES_LIMIT)
            .saturating_sub(out.len());
        match folded(change, room) {
            Some(block) => out.push_str(&block),
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        let _ = write!(
            out,
            "\n_{} of {} diffs do not fit into a comment; `assay diff` shows them all._\n",
            phrase::thousands(left_out),
            phrase::thousands(plan.changes.len()),
        );
    }
}

/// One diff, unless it takes more than `room` bytes.
fn folded(change: &ChangeDocument, room: usize) -> Option<String> {
    let lines = unified::diff(change);
    if lines.is_empty() {
        // Only the owner changes, which the table says.
        return Some(String::new());
    }
    let size: usize = lines.iter().map(|(_, text)| text.len() + 1).sum();
    if size > room {
        return None;
    }
    let text: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    let text = text.join("\n");
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let block = format!(
        "\n<details><summary>{} {}</summary>\n\n{fence}diff\n{text}\n{fence}\n</details>\n",
        word(change),
        code(&phrase::title(change)),
    );
    (block.len() <= room).then_some(block)
}

fn footer(out: &mut String, plan: &PlanDocument) {
    if !plan.unnamed.is_empty() {
        let _ = write!(
            out,
            "\n{} objects are no longer named, and kept without `--prune`.\n",
            phrase::thousands(plan.unnamed.len())
        );
    }
    let _ = write!(out, "\n<sub>");
    if let Some(set) = &plan.set {
        let _ = write!(out, "set {}, ", code(set.as_str()));
    }
    let _ = writeln!(out, "against generation {}</sub>", plan.base_generation);
}

/// `text` as HTML code. Punctuation is written as references, which Markdown takes for nothing but
/// characters: no emphasis, no link, no end of a table cell. GitHub looks for neither mentions nor
/// issue numbers within code.
fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in visible(text).chars() {
        if c.is_ascii_punctuation() && c != '-' && c != '/' {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push_str("</code>");
    out
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
