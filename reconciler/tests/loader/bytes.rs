//! Whatever the bytes are: objects, or problems that each have a place. Never a panic.

use assay_reconciler::{Loaded, Problems, to_yaml};
use proptest::{prelude::*, sample::Index};

use crate::{load_files, samples};

/// What YAML, or this loader, treats in a way of its own.
const TOKENS: &[&str] = &[
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: ",
    "<<: *a\n",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ":",
    ",",
    "- ",
    "? ",
    "| ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "\\u12",
    "#",
    " #",
    "!!int ",
    "!!binary ",
    "!x ",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "\t",
    "\r",
    "\r\n",
    "\n",
    "\n\n",
    "  ",
    "\u{feff}",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{7f}",
    "~",
    "null",
    "yes",
    "0x1f",
    ".inf",
    "1e999",
    "99999999999999999999",
    "@",
    "`",
    "apiVersion: assay/v1\n",
    "kind: Module\n",
    "metadata: { name: x }\n",
    "spec:\n",
    "${HOME}",
];

/// One edit of a text.
#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, &'static str),
    Byte(Index, u8),
    Cut(Index, u8),
    /// Repeats a piece.
    Repeat(Index, u8, u8),
    /// Ends the text here.
    End(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        5 => (at(), prop::sample::select(TOKENS)).prop_map(|(at, token)| Edit::Insert(at, token)),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        3 => (at(), 1_u8..40).prop_map(|(at, length)| Edit::Cut(at, length)),
        2 => (at(), 1_u8..60, 1_u8..4).prop_map(|(at, length, n)| Edit::Repeat(at, length, n)),
        1 => at().prop_map(Edit::End),
    ]
}

fn make(text: &mut Vec<u8>, edit: &Edit) {
    let place = |index: &Index, text: &[u8]| index.index(text.len() + 1);
    let piece = |at: usize, length: u8, text: &[u8]| at..(at + usize::from(length)).min(text.len());
    match edit {
        Edit::Insert(at, token) => {
            let at = place(at, text);
            text.splice(at..at, token.bytes());
        }
        Edit::Byte(at, byte) => {
            let at = place(at, text);
            if let Some(there) = text.get_mut(at) {
                *there = *byte;
            }
        }
        Edit::Cut(at, length) => {
            let at = place(at, text);
            drop(text.drain(piece(at, *length, text)));
        }
        Edit::Repeat(at, length, times) => {
            let at = place(at, text);
            let copy = text[piece(at, *length, text)].repeat(usize::from(*times));
            text.splice(at..at, copy);
        }
        Edit::End(at) => text.truncate(place(at, text)),
    }
}

/// Right manifests in block style, so that edits meet indentation.
fn written() -> Vec<u8> {
    let documents = samples::all()
        .into_iter()
        .map(|manifest| to_yaml(&manifest).unwrap());
    documents.collect::<Vec<_>>().join("---\n").into_bytes()
}

/// A piece of [`written`], so that an edit is likely to meet something that counts.
fn some_documents() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(samples::one(), 1..3).prop_map(|manifests| {
        let documents = manifests.iter().map(|manifest| to_yaml(manifest).unwrap());
        documents.collect::<Vec<_>>().join("---\n").into_bytes()
    })
}

/// What must hold of every outcome.
fn check(bytes: &[u8], outcome: &Result<Loaded, Problems>) -> Result<(), TestCaseError> {
    let problems = match outcome {
        Ok(loaded) => {
            prop_assert!(!loaded.manifests.is_empty());
            prop_assert!(loaded.warnings.are_warnings());
            &loaded.warnings
        }
        Err(problems) => {
            prop_assert!(!problems.are_warnings(), "an error without an error");
            problems
        }
    };
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for problem in problems {
        let at = &problem.at;
        prop_assert_eq!(&*at.file, "<stdin>");
        prop_assert!(at.line as usize <= lines, "{}", problems);
        prop_assert_eq!(at.line == 0, at.column == 0, "{}", problems);
        prop_assert!(at.range.start <= at.range.end, "{}", problems);
        prop_assert!(at.range.end as usize <= bytes.len(), "{}", problems);
        prop_assert!(!problem.message.is_empty());
        // Only what is about the file as a whole has no line.
        if !matches!(problem.code, "empty" | "encoding" | "too-large" | "limit") {
            prop_assert!(at.line > 0, "{}", problems);
        }
    }
    // Neither way of showing them panics.
    let shown = problems.render(true).len() + problems.to_string().len();
    prop_assert!(problems.is_empty() || shown > 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes, &load_files(&[&bytes]))?;
    }

    #[test]
    fn any_text_of_what_yaml_is_made_of(
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..60),
    ) {
        let text = tokens.concat();
        check(text.as_bytes(), &load_files(&[&text]))?;
    }

    #[test]
    fn right_manifests_after_a_few_edits(
        bytes in some_documents(),
        edits in prop::collection::vec(edit(), 1..5),
    ) {
        let mut bytes = bytes;
        for edit in &edits {
            make(&mut bytes, edit);
        }
        check(&bytes, &load_files(&[&bytes]))?;
    }

    #[test]
    fn right_manifests_with_something_else_in_a_field(
        manifest in samples::one(),
        spoils in prop::collection::vec(samples::spoil(), 1..4),
    ) {
        let mut manifest = manifest;
        for spoil in &spoils {
            samples::apply(&mut manifest, "", spoil);
        }
        let text = manifest.to_string();
        check(text.as_bytes(), &load_files(&[&text]))?;
    }
}

#[test]
fn what_is_edited_was_right() {
    let outcome = load_files(&[written()]);
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
