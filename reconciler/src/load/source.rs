//! The text of one file, and places in it.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use super::limits::MAX_FILE_BYTES;
use crate::problem::{ByteRange, Location, Problem};

/// The text of one file.
pub(crate) struct Source {
    /// How the file is called in messages.
    pub(crate) name: Arc<str>,
    /// The folder that paths in the manifests are relative to.
    pub(crate) folder: PathBuf,
    pub(crate) text: String,
    line_starts: OnceLock<Vec<u32>>,
}

impl Source {
    pub(crate) fn new(name: Arc<str>, folder: PathBuf, text: String) -> Self {
        Self {
            name,
            folder,
            text,
            line_starts: OnceLock::new(),
        }
    }

    /// Takes the bytes of a file as text.
    ///
    /// # Errors
    /// Too many bytes, or another encoding than UTF-8.
    pub(crate) fn from_bytes(
        name: Arc<str>,
        folder: PathBuf,
        bytes: Vec<u8>,
    ) -> Result<Self, Box<Problem>> {
        let refuse = |code, message: String, help: &str| {
            Box::new(Problem::new(code, Location::of_file(Arc::clone(&name)), message).help(help))
        };
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(too_large(name));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(refuse(
                "encoding",
                String::from("the file is UTF-16"),
                "save it as UTF-8, as in `iconv -f UTF-16 -t UTF-8`",
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, folder, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let at = Self::new(Arc::clone(&name), folder, text).end();
                Err(Box::new(
                    Problem::new(
                        "encoding",
                        at,
                        "the file is not UTF-8: a byte that belongs to no character",
                    )
                    .help("save it as UTF-8"),
                ))
            }
        }
    }

    /// The place of `range`.
    pub(crate) fn locate(&self, range: ByteRange) -> Location {
        let starts = self.line_starts.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0)
                .chain(breaks.map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)))
                .collect()
        });
        let line = starts.partition_point(|start| *start <= range.start).max(1);
        let line_start = starts[line - 1] as usize;
        let column = self
            .text
            .get(line_start..range.start as usize)
            .map_or(0, |before| {
                before.trim_start_matches('\u{feff}').chars().count()
            });
        Location {
            file: Arc::clone(&self.name),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            pointer: String::new(),
            range,
        }
    }

    fn end(&self) -> Location {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.locate(ByteRange { start: end, end })
    }
}

/// The problem with a file of more than [`MAX_FILE_BYTES`].
pub(crate) fn too_large(name: Arc<str>) -> Box<Problem> {
    let limit = MAX_FILE_BYTES / 1024 / 1024;
    Box::new(
        Problem::new(
            "too-large",
            Location::of_file(name),
            format!("the file is larger than {limit} MiB"),
        )
        .help("spread the manifests over several files"),
    )
}
