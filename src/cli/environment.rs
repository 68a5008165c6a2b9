//! Where this process finds secrets.

use std::{fs::File, io, io::Read as _, path::Path};

use assay_reconciler::secret::SecretReader;

/// A secret longer than this is something else.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The environment and the files of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSecrets;

impl SecretReader for ProcessSecrets {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let read = File::open(path)?
            .take(MAX_SECRET_BYTES + 1)
            .read_to_string(&mut text)?;
        if read as u64 > MAX_SECRET_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("longer than {MAX_SECRET_BYTES} bytes"),
            ));
        }
        Ok(text)
    }
}
