//! The words that text and Markdown share.

use crate::{
    diff::{
        Action, Ended, Reason, Summary,
        document::{ChangeDocument, FieldDocument},
    },
    object::MOVED_FROM,
};

/// How many fields a heading names.
const FIELDS_NAMED: usize = 6;

/// `3 to create, 1 to change, 0 to delete, 9,996 unchanged`.
pub fn summary(summary: &Summary) -> String {
    format!(
        "{} to create, {} to change, {} to delete, {} unchanged",
        thousands(summary.create),
        thousands(summary.change),
        thousands(summary.delete),
        thousands(summary.unchanged)
    )
}

/// `9,996`.
pub(super) fn thousands(number: impl Copy + ToString) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The sign of a change: `+`, `~`, `-`, or `→` for a rename.
pub(super) fn sign(change: &ChangeDocument) -> char {
    match change.action {
        Action::Create => '+',
        Action::Update if change.renamed_from.is_some() => '→',
        Action::Update => '~',
        Action::Delete => '-',
    }
}

/// `Kind/name`.
pub(super) fn title(change: &ChangeDocument) -> String {
    format!("{}/{}", change.kind, change.name)
}

/// What there is to say beside the title, as in `changed: redirectUris`.
pub(super) fn notes(change: &ChangeDocument) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(old) = &change.renamed_from {
        notes.push(format!("renamed from {old}"));
    }
    if change.owner_before != change.owner_after
        && let (Some(before), Some(after)) = (&change.owner_before, &change.owner_after)
    {
        notes.push(if change.reasons.contains(&Reason::Adopted) {
            format!("adopted from {before}")
        } else if change.reasons.contains(&Reason::TakenOver) {
            format!("taken over from {before}")
        } else {
            format!("owner {before} becomes {after}")
        });
    } else if change.reasons.contains(&Reason::TakenOver)
        && let Some(owner) = &change.owner_before
    {
        notes.push(format!("belonged to {owner}"));
    }
    notes.extend(change.ends.and_then(ended));
    let fields: Vec<String> = change
        .fields
        .iter()
        .filter(|field| change.renamed_from.is_none() || !tells_of_rename(field))
        .map(|field| field_name(&field.path))
        .collect();
    if !fields.is_empty() {
        let more = match fields.len().saturating_sub(FIELDS_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = &fields[..fields.len().min(FIELDS_NAMED)];
        notes.push(format!("changed: {}{more}", named.join(", ")));
    }
    notes
}

/// `ends 2 live grants and 1 consent`.
fn ended(ends: Ended) -> Option<String> {
    let counted = |count: u64, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{} {one}s", thousands(more))),
    };
    let parts = [
        counted(ends.grants, "live grant"),
        counted(ends.consents, "consent"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("ends {}", parts.join(" and ")))
}

fn tells_of_rename(field: &FieldDocument) -> bool {
    let annotation = MOVED_FROM.replace('~', "~0").replace('/', "~1");
    field.path == "/metadata/name" || field.path == format!("/metadata/annotations/{annotation}")
}

/// `/spec/settings/ttl` as people say it: `settings.ttl`.
fn field_name(path: &str) -> String {
    let steps: Vec<String> = path
        .split('/')
        .skip(2)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    steps.join(".")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_can_be_read() {
        let shown: Vec<String> = [0, 12, 999, 1_000, 9_996, 1_234_567_usize]
            .map(thousands)
            .to_vec();
        assert_eq!(shown, ["0", "12", "999", "1,000", "9,996", "1,234,567"]);
    }

    #[test]
    fn what_ends_is_counted() {
        let said = |grants, consents| ended(Ended { grants, consents });
        assert_eq!(said(0, 0), None);
        assert_eq!(said(1, 0).unwrap(), "ends 1 live grant");
        assert_eq!(
            said(1_200, 1).unwrap(),
            "ends 1,200 live grants and 1 consent"
        );
    }

    #[test]
    fn the_summary_is_one_line() {
        let counts = Summary {
            create: 3,
            change: 1,
            delete: 0,
            unchanged: 9_996,
        };
        assert_eq!(
            summary(&counts),
            "3 to create, 1 to change, 0 to delete, 9,996 unchanged"
        );
    }
}
