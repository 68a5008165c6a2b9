//! A plan for the terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{
    phrase,
    unified::{self, Line},
    visible,
};
use crate::diff::{Action, PlanDocument, document::ChangeDocument};

/// Names of what is no longer named, before the rest is only counted.
const UNNAMED_SHOWN: usize = 10;

const BOLD: Style = Style::new().bold();

/// A heading and a unified diff for each object, then the summary on a line of its own. With
/// `colour`, in ANSI colours; without, plain text.
///
/// Values cannot leave their lines or colour them: see [`visible`].
pub fn text(plan: &PlanDocument, colour: bool) -> String {
    let mut out = Painter {
        text: String::new(),
        colour,
    };
    for change in &plan.changes {
        heading(&mut out, change);
        for (line, text) in unified::diff(change) {
            let style = match line {
                Line::Hunk => AnsiColor::Cyan.on_default(),
                Line::Context => Style::new(),
                Line::Removed => AnsiColor::Red.on_default(),
                Line::Added => AnsiColor::Green.on_default(),
            };
            out.line(style, &format!("    {text}"));
        }
        out.line(Style::new(), "");
    }
    out.line(BOLD, &phrase::summary(&plan.summary));
    if let Some(set) = plan.set.as_ref().filter(|_| !plan.unnamed.is_empty()) {
        let mut names: Vec<String> = plan
            .unnamed
            .iter()
            .take(UNNAMED_SHOWN)
            .map(|key| visible(&key.to_string()).into_owned())
            .collect();
        if plan.unnamed.len() > UNNAMED_SHOWN {
            let more = plan.unnamed.len() - UNNAMED_SHOWN;
            names.push(format!("and {} more", phrase::thousands(more)));
        }
        let note = format!(
            "no longer named by set `{set}`, and kept without --prune: {}",
            names.join(", ")
        );
        out.line(AnsiColor::Yellow.on_default(), &note);
    }
    for guard in &plan.guards {
        let note = format!("needs --yes: {}", visible(&guard.message));
        out.line(AnsiColor::Yellow.on_default().bold(), &note);
    }
    out.text
}

fn heading(out: &mut Painter, change: &ChangeDocument) {
    let colour = match change.action {
        Action::Create => AnsiColor::Green,
        Action::Delete => AnsiColor::Red,
        Action::Update if change.renamed_from.is_some() => AnsiColor::Cyan,
        Action::Update => AnsiColor::Yellow,
    };
    let mut heading = format!(
        "{} {}",
        phrase::sign(change),
        visible(&phrase::title(change))
    );
    let notes = phrase::notes(change);
    if !notes.is_empty() {
        let _ = write!(heading, "  ({})", visible(&notes.join("; ")));
    }
    out.line(colour.on_default().bold(), &heading);
}

struct Painter {
    text: String,
    colour: bool,
}

impl Painter {
    fn line(&mut self, style: Style, text: &str) {
        if self.colour && !text.is_empty() && style != Style::new() {
            let _ = writeln!(self.text, "{style}{text}{style:#}");
        } else {
            let _ = writeln!(self.text, "{text}");
        }
    }
}
