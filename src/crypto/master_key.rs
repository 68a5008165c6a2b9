use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use zeroize::Zeroizing;

use super::{Secret, token};

/// The file beside the SQLite database, when no key is given.
const FILE: &str = "master.key";
/// Longer than any form of the key; what is longer is another file.
const MAX_FILE_BYTES: u64 = 1_024;

/// The one secret from which all others of an installation are derived; see [`super::Keyring`].
#[derive(Clone, Debug)]
pub struct MasterKey(pub(super) Secret<[u8; 32]>);

/// Where the key is if none is given.
#[derive(Clone, Copy, Debug)]
pub enum KeyFile<'a> {
    /// Nowhere. Servers on PostgreSQL share no directory, so a key must be given: one made here would
    /// be another on each server.
    None,
    /// In this directory, and made there if it is not.
    MadeIn(&'a Path),
    /// In this directory, for what is in the database was made with it: another one would be of no use.
    KeptIn(&'a Path),
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// None was given, and there is no data directory to make one in.
    #[error(
        "no master key: set ASSAY_MASTER_KEY to the output of `openssl rand -base64 32`, the same for every server on this database, and keep a copy apart from the database"
    )]
    Missing,
    /// Something was given that is no key.
    #[error(
        "the master key {from} is not 32 bytes in base64 or hex; `openssl rand -base64 32` makes one"
    )]
    Malformed {
        /// Where it came from.
        from: String,
    },
    /// The file that the key of this database was in is gone.
    #[error(
        "the database was made with a master key that was in {}, and that file is gone: restore it from a copy, or give the key in ASSAY_MASTER_KEY or ASSAY_MASTER_KEY_FILE. Nothing was written; with another key private keys would not open and no password would match",
        path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("cannot use the master key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl MasterKey {
    /// Finds the key: `value` (of `ASSAY_MASTER_KEY`), else the content of `file`, else what
    /// `otherwise` says.
    pub fn find(
        value: Option<&Secret<String>>,
        file: Option<&Path>,
        otherwise: KeyFile<'_>,
    ) -> Result<Self, MasterKeyError> {
        if let Some(value) = value {
            return Self::parse(value.expose(), || "in ASSAY_MASTER_KEY".to_owned());
        }
        if let Some(file) = file {
            return Self::read(file);
        }
        match otherwise {
            KeyFile::None => Err(MasterKeyError::Missing),
            KeyFile::MadeIn(data_dir) => Self::made_in(data_dir),
            KeyFile::KeptIn(data_dir) => Self::kept_in(data_dir),
        }
    }

    fn read(file: &Path) -> Result<Self, MasterKeyError> {
        let read = || -> io::Result<Zeroizing<String>> {
            let mut text = Zeroizing::new(String::new());
            io::Read::read_to_string(
                &mut io::Read::take(File::open(file)?, MAX_FILE_BYTES),
                &mut text,
            )?;
            Ok(text)
        };
        let text = read().map_err(failed(file))?;
        Self::parse(&text, || format!("in {}", file.display()))
    }

    fn kept_in(data_dir: &Path) -> Result<Self, MasterKeyError> {
        let path = data_dir.join(FILE);
        if fs::exists(&path).map_err(failed(&path))? {
            Self::read(&path)
        } else {
            Err(MasterKeyError::Lost { path })
        }
    }

    fn made_in(data_dir: &Path) -> Result<Self, MasterKeyError> {
        let file = data_dir.join(FILE);
        if !fs::exists(&file).map_err(failed(&file))? {
            make(data_dir, &file).map_err(failed(&file))?;
        }
        Self::read(&file)
    }

    fn parse(text: &str, from: impl FnOnce() -> String) -> Result<Self, MasterKeyError> {
        match thirty_two_bytes(text.trim()) {
            Some(key) => Ok(Self(Secret::new(key))),
            None => Err(MasterKeyError::Malformed { from: from() }),
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> MasterKeyError {
    let path = path.to_owned();
    move |source| MasterKeyError::File { path, source }
}

/// Writes the key in full under another name and then links it to its own, which fails if a process
/// that started at the same moment was first; then its key is the one.
fn make(data_dir: &Path, file: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0_u8; 32]);
    rand::fill(key.as_mut_slice()).map_err(|_| io::Error::other("no randomness"))?;
    let text = Zeroizing::new(general_purpose::STANDARD.encode(key.as_slice()) + "\n");

    let draft = token::identifier().map_err(io::Error::other)?;
    let draft = data_dir.join(format!("{FILE}.{draft}"));
    let written = (|| {
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        match fs::hard_link(&draft, file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome,
        }
    })();
    let _ = fs::remove_file(&draft);
    written?;
    // A name lives in its directory: without this a power cut could take the key and leave the data.
    File::open(data_dir)?.sync_all()
}

/// 32 bytes in hex or base64.
pub(super) fn thirty_two_bytes(text: &str) -> Option<[u8; 32]> {
    let bytes = Zeroizing::new(if text.len() == 64 {
        unhex(text)
    } else {
        unbase64(text)
    });
    bytes.as_slice().try_into().ok()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map_while(|pair| {
            let value = digit(pair.first()?)? * 16 + digit(pair.get(1)?)?;
            u8::try_from(value).ok()
        })
        .collect()
}

fn unbase64(text: &str) -> Vec<u8> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn find(text: &str) -> Result<MasterKey, MasterKeyError> {
        MasterKey::find(Some(&Secret::from(text)), None, KeyFile::None)
    }

    #[test]
    fn a_key_is_read_in_base64_and_hex() {
        let bytes = [0xfb_u8; 32];
        let hex = "fB".repeat(32);
        let standard = general_purpose::STANDARD.encode(bytes);
        let unpadded = general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        for text in [hex, format!(" {standard}\n"), unpadded] {
            assert_eq!(find(&text).unwrap().0.expose(), &bytes, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for text in [
            "",
            "secret",
            &"f".repeat(62),
            &"g".repeat(64),
            &"A".repeat(44),
        ] {
            let error = find(text).unwrap_err();
            assert!(matches!(error, MasterKeyError::Malformed { .. }));
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"the master key in ASSAY_MASTER_KEY is not 32 bytes in base64 or hex; `openssl rand -base64 32` makes one");
            }
        }
    }

    #[test]
    fn without_a_key_and_a_directory_the_message_says_how_to_make_one() {
        let error = MasterKey::find(None, None, KeyFile::None).unwrap_err();
        insta::assert_snapshot!(error, @"no master key: set ASSAY_MASTER_KEY to the output of `openssl rand -base64 32`, the same for every server on this database, and keep a copy apart from the database");
        let error =
            MasterKey::find(None, Some(Path::new("/nowhere/key")), KeyFile::None).unwrap_err();
        insta::assert_snapshot!(error, @"cannot use the master key file /nowhere/key: No such file or directory (os error 2)");
    }

    #[test]
    fn a_key_made_beside_the_database_is_private_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let made = MasterKey::find(None, None, KeyFile::MadeIn(directory.path())).unwrap();
        let again = MasterKey::find(None, None, KeyFile::MadeIn(directory.path())).unwrap();
        assert_eq!(made.0.expose(), again.0.expose());
        let file = directory.path().join(FILE);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_is_lost_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let kept = || MasterKey::find(None, None, KeyFile::KeptIn(directory.path()));
        assert!(matches!(kept().unwrap_err(), MasterKeyError::Lost { .. }));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let made = MasterKey::find(None, None, KeyFile::MadeIn(directory.path())).unwrap();
        assert_eq!(kept().unwrap().0.expose(), made.0.expose());
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| MasterKey::find(None, None, KeyFile::MadeIn(directory.path())))
                })
                .collect();
            starts
                .into_iter()
                .map(|start| *start.join().unwrap().unwrap().0.expose())
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
