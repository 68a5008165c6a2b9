//! Characters that have no place in a manifest.

use super::{Finding, Place};
use crate::load::tree::{Content, Node};

/// Adds every text under `node` that holds characters which a reader cannot see, or which make them
/// read something else than what is there.
pub(super) fn check(node: &Node<'_>, findings: &mut Vec<Finding>) {
    match &node.content {
        Content::Text(text) => {
            if let Some(found) = hidden(text) {
                let code = found as u32;
                findings.push(
                    Finding::new(
                        "hidden-character",
                        Place::At(node.at),
                        format!("the text holds U+{code:04X}, which a reader does not see"),
                    )
                    .help("take it out; it makes the text read as something it is not"),
                );
            }
        }
        Content::List(items) => items.iter().for_each(|item| check(item, findings)),
        Content::Map(entries) => {
            for entry in entries {
                if let Some(found) = hidden(&entry.key) {
                    let code = found as u32;
                    findings.push(
                        Finding::new(
                            "hidden-character",
                            Place::At(entry.key_at),
                            format!("the key holds U+{code:04X}, which a reader does not see"),
                        )
                        .help("take it out"),
                    );
                }
                check(&entry.value, findings);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// The first character of `text` that hides or reorders. Line breaks and tabs are for descriptions.
fn hidden(text: &str) -> Option<char> {
    // Nearly all text is this; it need not be looked at by character.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    text.chars().find(|c| match c {
        '\n' | '\t' => false,
        // Reordering (Unicode UAX 9), invisible operators, line separators, tags.
        '\u{061c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_is_found() {
        for text in [
            "a\u{202e}b",
            "\0",
            "a\u{7f}",
            "x\u{feff}",
            "\u{2066}",
            "\u{1b}[31m",
        ] {
            assert!(hidden(text).is_some(), "{text:?}");
        }
        for text in ["Zürich", "日本", "👩‍👩‍👧", "two\nlines", "עברית"] {
            assert_eq!(hidden(text), None, "{text:?}");
        }
    }
}
