//! Passwords that were stolen elsewhere: a file that the operator provides, as "Pwned Passwords, ordered by
//! hash" is, one `SHA1:COUNT` a line in ascending order. Looked up on disk, never loaded.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use data_encoding::HEXUPPER;

/// Digits of a SHA-1.
const DIGITS: usize = 40;
/// A line is a hash, a colon, a count and a line break.
const MAX_LINE: usize = 80;

/// A list of passwords that nobody should have.
#[derive(Debug)]
pub(super) struct Breached {
    file: File,
    length: u64,
    path: PathBuf,
}

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// It cannot be read.
    #[error("the list of breached passwords {} cannot be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is another file.
    #[error(
        "the list of breached passwords {} has no SHA-1 hash at byte {at}: a line is 40 hex digits, a colon and a count, as in the download of Pwned Passwords ordered by hash",
        path.display()
    )]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// It cannot be searched.
    #[error(
        "the list of breached passwords {} is not in ascending order of the hashes: take the download that is ordered by hash",
        path.display()
    )]
    Unordered {
        /// Which.
        path: PathBuf,
    },
}

impl Breached {
    /// The list in this file, if it looks like one.
    pub(super) fn open(path: &Path) -> Result<Self, BreachedError> {
        let failed = |source| BreachedError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("it is no file")));
        }
        let list = Self {
            file,
            length: metadata.len(),
            path: path.to_owned(),
        };
        let first = list.line_at(0)?;
        let last = list.line_at(list.start_of_line(list.length.saturating_sub(2))?)?;
        if first.hash > last.hash {
            return Err(BreachedError::Unordered {
                path: path.to_owned(),
            });
        }
        Ok(list)
    }

    /// Whether the password is in the list.
    pub(super) fn contains(&self, password: &str) -> Result<bool, BreachedError> {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let wanted = HEXUPPER.encode(hash.as_ref());
        // A line that begins before `low` is smaller, one that begins at `high` or behind it is greater.
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let start = self.start_of_line(low + (high - low) / 2)?;
            let line = self.line_at(start)?;
            match line.hash.as_str().cmp(&wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = start + line.length,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        Ok(false)
    }

    /// Where the line begins that this byte is in.
    fn start_of_line(&self, at: u64) -> Result<u64, BreachedError> {
        let from = at.saturating_sub(MAX_LINE as u64);
        let mut before = [0; MAX_LINE];
        let length = usize::try_from(at - from).unwrap_or(MAX_LINE);
        let before = &mut before[..length];
        self.file
            .read_exact_at(before, from)
            .map_err(|source| self.failed(source))?;
        match before.iter().rposition(|byte| *byte == b'\n') {
            Some(place) => Ok(from + place as u64 + 1),
            None if from == 0 => Ok(0),
            None => Err(self.malformed(from)),
        }
    }

    fn line_at(&self, start: u64) -> Result<Line, BreachedError> {
        let mut bytes = [0; MAX_LINE];
        let mut length = 0;
        while length < MAX_LINE {
            let read = self
                .file
                .read_at(&mut bytes[length..], start + length as u64);
            match read.map_err(|source| self.failed(source))? {
                0 => break,
                read => length += read,
            }
        }
        let bytes = &bytes[..length];
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |end| end + 1);
        let line = &bytes[..length];
        let (hash, rest) = line
            .split_at_checked(DIGITS)
            .ok_or_else(|| self.malformed(start))?;
        let ends_there = matches!(rest.first(), None | Some(b':' | b'\r' | b'\n'));
        if !ends_there || !hash.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.malformed(start));
        }
        Ok(Line {
            hash: String::from_utf8_lossy(hash).to_ascii_uppercase(),
            length: length as u64,
        })
    }

    fn failed(&self, source: io::Error) -> BreachedError {
        BreachedError::File {
            path: self.path.clone(),
            source,
        }
    }

    fn malformed(&self, at: u64) -> BreachedError {
        BreachedError::Malformed {
            path: self.path.clone(),
            at,
        }
    }
}

struct Line {
    hash: String,
    /// With its line break.
    length: u64,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn list(lines: &[String], separator: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.join(separator).as_bytes()).unwrap();
        file
    }

    fn line(password: &str, count: usize) -> String {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        format!("{}:{count}", HEXUPPER.encode(hash.as_ref()))
    }

    #[test]
    fn every_password_of_a_list_is_found_and_no_other() {
        for size in [1, 2, 3, 10, 257] {
            let passwords: Vec<_> = (0..size)
                .map(|number| format!("password{number}"))
                .collect();
            let mut lines: Vec<_> = passwords
                .iter()
                .enumerate()
                .map(|(number, password)| {
                    line(password, 10_usize.pow((number % 9).try_into().unwrap()))
                })
                .collect();
            lines.sort();
            for (separator, end) in [("\n", ""), ("\r\n", ""), ("\n", "\n"), ("\r\n", "\r\n")] {
                let mut file = list(&lines, separator);
                file.write_all(end.as_bytes()).unwrap();
                let list = Breached::open(file.path()).unwrap();
                for password in &passwords {
                    assert!(list.contains(password).unwrap(), "{password} of {size}");
                }
                for number in 0..100 {
                    let other = format!("another{number}");
                    assert!(!list.contains(&other).unwrap(), "{other}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_such_list_is_refused() {
        let missing = Breached::open(Path::new("/nowhere/pwned.txt")).unwrap_err();
        insta::assert_snapshot!(missing, @"the list of breached passwords /nowhere/pwned.txt cannot be read: No such file or directory (os error 2)");
        let folder = Breached::open(Path::new("/")).unwrap_err();
        insta::assert_snapshot!(folder, @"the list of breached passwords / cannot be read: it is no file");
        let opened = |lines: &[String]| Breached::open(list(lines, "\n").path()).unwrap_err();
        let empty: [String; 0] = [];
        for lines in [&empty[..], &["password".to_owned()], &["f".repeat(200)]] {
            let error = opened(lines);
            assert!(
                matches!(error, BreachedError::Malformed { at: 0, .. }),
                "{error}"
            );
        }
        let backwards = opened(&["F".repeat(40), "0".repeat(40)]);
        assert!(
            matches!(backwards, BreachedError::Unordered { .. }),
            "{backwards}"
        );
    }
}
