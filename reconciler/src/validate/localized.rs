//! Texts that people read, in each language.

use super::{Finding, Place};
use crate::{load::tree::Step, spec::Localized};

/// Adds that a text is empty, too long, or would not be read as it is written.
pub(super) fn texts(
    field: &'static str,
    texts: &Localized<String>,
    most: usize,
    add: &mut impl FnMut(Finding),
) {
    for (tag, text) in texts.iter() {
        let count = text.chars().count();
        let (message, help) = if text.trim().is_empty() {
            (String::from("the text is empty"), "write something")
        } else if count > most {
            (
                format!("{count} characters, and {most} are the most"),
                "write less",
            )
        } else {
            continue;
        };
        let mut steps = vec![Step::Key("spec".into())];
        steps.extend(field.split('/').map(|key| Step::Key(key.into())));
        steps.push(Step::Key(tag.to_owned().into()));
        add(Finding::new("length", Place::Steps(steps), message).help(help));
    }
}
