//! Finds places in documents whose trees are gone.

use crate::{
    load::{
        outcome::{Manifest, Origin, Outcome},
        parse,
        source::Source,
        tree::Step,
    },
    problem::{Location, Problem, Severity},
};

use super::{Context, Finding};

/// A finding about a manifest that was read before.
pub(super) struct Late<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) finding: Finding,
    pub(super) also: Vec<(Location, String)>,
    pub(super) severity: Severity,
}

/// Reads the files of `late` once more and adds the problems with their places.
pub(super) fn locate(outcomes: &[Outcome], late: Vec<Late<'_>>, problems: &mut Vec<Problem>) {
    let mut late = late;
    late.sort_by(|a, b| a.manifest.at.cmp(&b.manifest.at));
    for outcome in outcomes {
        let Some(source) = &outcome.source else {
            continue;
        };
        let (here, others): (Vec<_>, Vec<_>) = late
            .into_iter()
            .partition(|late| late.manifest.at.file == source.name);
        late = others;
        if !here.is_empty() {
            in_file(source, outcome.origin, here, problems);
        }
        if late.is_empty() {
            return;
        }
    }
}

fn in_file(source: &Source, origin: Origin, mut late: Vec<Late<'_>>, problems: &mut Vec<Problem>) {
    let name = [Step::Key("metadata".into()), Step::Key("name".into())];
    let mut document = 0;
    parse::parse(source, &mut Vec::new(), |root, _| {
        let context = Context {
            source,
            origin,
            document,
        };
        document += 1;
        let at = root.find(&name).0;
        let (here, others): (Vec<_>, Vec<_>) = std::mem::take(&mut late)
            .into_iter()
            .partition(|late| late.manifest.at.range == at);
        late = others;
        for late in here {
            let mut problem = context.problem(&root, late.finding);
            problem.severity = late.severity;
            for (at, label) in late.also {
                problem = problem.also(at, label);
            }
            problems.push(problem);
        }
    });
}
