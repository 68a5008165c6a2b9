//! Secrets that go into every password hash and are not in the database.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::crypto::{Secret, master_key};

/// Longer than any file of them.
const MAX_FILE_BYTES: u64 = 64 * 1_024;
/// As long as Argon2's field for the identifier of a key.
const MAX_ID: usize = 8;

/// Peppers that the operator gives. The first goes into new hashes; the others are known to verify older
/// ones with. Hashes without any of them have the one that is derived from the master key.
#[derive(Clone, Default)]
pub struct Peppers(Vec<Pepper>);

#[derive(Clone)]
struct Pepper {
    id: String,
    secret: Secret<Vec<u8>>,
}

/// Why there are no usable peppers. Never shows one.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// A line that is none.
    #[error(
        "line {line} of the peppers {from} is not a name and 32 bytes in base64 or hex, as in `2026a {example}`: the name has 1 to 8 letters and digits; `openssl rand -base64 32` makes the bytes",
        example = "<bytes>"
    )]
    Malformed {
        /// Where they came from.
        from: String,
        /// Which, from 1 on.
        line: usize,
    },
    /// Two of one name.
    #[error("the peppers {from} have the name `{id}` twice")]
    Twice {
        /// Where they came from.
        from: String,
        /// The name.
        id: String,
    },
    /// The file cannot be read.
    #[error("cannot read the peppers in {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Peppers {
    /// Those of `value` (of `ASSAY_PASSWORD_PEPPERS`), else those in `file`, else none.
    pub fn find(value: Option<&Secret<String>>, file: Option<&Path>) -> Result<Self, PepperError> {
        if let Some(value) = value {
            return Self::parse(value.expose(), "in ASSAY_PASSWORD_PEPPERS");
        }
        let Some(path) = file else {
            return Ok(Self::default());
        };
        let mut text = zeroize::Zeroizing::new(String::new());
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
            .map_err(|source| PepperError::File {
                path: path.to_owned(),
                source,
            })?;
        Self::parse(&text, &format!("in {}", path.display()))
    }

    /// One a line: its name and its bytes.
    fn parse(text: &str, from: &str) -> Result<Self, PepperError> {
        let mut peppers: Vec<Pepper> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let malformed = || PepperError::Malformed {
                from: from.to_owned(),
                line: number + 1,
            };
            let (id, secret) = line.split_once(char::is_whitespace).ok_or_else(malformed)?;
            let is_name = (1..=MAX_ID).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let secret = master_key::thirty_two_bytes(secret.trim())
                .filter(|_| is_name)
                .ok_or_else(malformed)?;
            if peppers.iter().any(|other| other.id == id) {
                return Err(PepperError::Twice {
                    from: from.to_owned(),
                    id: id.to_owned(),
                });
            }
            peppers.push(Pepper {
                id: id.to_owned(),
                secret: Secret::new(secret.to_vec()),
            });
        }
        Ok(Self(peppers))
    }

    /// The name of the one that goes into new hashes; empty if there is none.
    pub(super) fn current(&self) -> &str {
        self.0.first().map_or("", |pepper| &pepper.id)
    }

    /// The one of this name.
    pub(super) fn named(&self, id: &[u8]) -> Option<&[u8]> {
        let found = self.0.iter().find(|pepper| pepper.id.as_bytes() == id)?;
        Some(found.secret.expose().as_slice())
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|pepper| &pepper.id))
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_for_new_hashes_and_all_are_known() {
        let (new, old) = ("ab".repeat(32), "cd".repeat(32));
        let text = format!("# newest first\n2026b {new}\n\n2026a\t{old}\n");
        let peppers = Peppers::parse(&text, "here").unwrap();
        assert_eq!(peppers.current(), "2026b");
        assert_eq!(peppers.named(b"2026a"), Some(&[0xcd; 32][..]));
        assert_eq!(peppers.named(b"2025"), None);
        assert_eq!(format!("{peppers:?}"), r#"["2026b", "2026a"]"#);
        assert_eq!(Peppers::default().current(), "");
    }

    #[test]
    fn what_is_none_is_refused_without_showing_it() {
        let hex = "ab".repeat(32);
        for text in [
            hex.clone(),
            format!("a-b {hex}"),
            format!("ninechars {hex}"),
            format!("a {hex}00"),
        ] {
            let error = Peppers::parse(&format!("\n{text}"), "here").unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"line 2 of the peppers here is not a name and 32 bytes in base64 or hex, as in `2026a <bytes>`: the name has 1 to 8 letters and digits; `openssl rand -base64 32` makes the bytes");
            }
        }
        let twice = Peppers::parse(&format!("a {hex}\na {hex}"), "here").unwrap_err();
        insta::assert_snapshot!(twice, @"the peppers here have the name `a` twice");
        let missing = Peppers::find(None, Some(Path::new("/nowhere/peppers"))).unwrap_err();
        insta::assert_snapshot!(missing, @"cannot read the peppers in /nowhere/peppers: No such file or directory (os error 2)");
    }
}
