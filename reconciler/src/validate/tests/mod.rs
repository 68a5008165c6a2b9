//! Every problem that can be told, as people read it.

mod appearance;
mod clients;
mod documents;
mod letters;
mod others;

use std::{collections::BTreeMap, fmt::Write as _, io, path::Path};

use crate::{LoadOptions, SecretHandling, SourcePath, load, secret::SecretReader};

macro_rules! snapshot {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

use snapshot;

struct Nowhere;

impl SecretReader for Nowhere {
    fn env(&self, name: &str) -> Option<String> {
        let known = BTreeMap::from([
            ("EMPTY", ""),
            ("SHORT", "hunter2"),
            ("GOOD", "0123456789abcdef0123456789abcdef"),
        ]);
        known.get(name).map(|value| (*value).to_owned())
    }

    fn file(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What is said about each of `cases`.
fn told<T: AsRef<[u8]>>(cases: &[(&str, T)]) -> String {
    let mut out = String::new();
    for (title, text) in cases {
        let options = LoadOptions {
            secrets: SecretHandling::Resolve,
        };
        let problems = match load(
            &[SourcePath::Stdin(text.as_ref().into())],
            &Nowhere,
            options,
        ) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        write!(out, "## {title}\n\n{problems}\n").unwrap();
    }
    out
}
