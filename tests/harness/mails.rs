//! Letters that the server has put into its folder.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// How long a letter may take. The outbox is looked through every two seconds; a busy disk takes its time.
const LIMIT: Duration = Duration::from_mins(2);

/// A letter as its reader sees it.
#[derive(Clone, Debug)]
pub struct LetterSeen {
    /// Which letter, as in `registration`.
    pub kind: String,
    pub to: String,
    /// The part without markup.
    pub text: String,
}

impl LetterSeen {
    /// Reads an `.eml` file.
    fn read(path: &Path) -> Option<Self> {
        let name = path.file_stem()?.to_str()?;
        if path.extension()? != "eml" {
            return None;
        }
        // The name is a UUID and the kind.
        let kind = name.get(37..)?.to_owned();
        let raw = std::fs::read_to_string(path).ok()?.replace("\r\n", "\n");
        let header = |part: &str, name: &str| {
            let (head, _) = part.split_once("\n\n").unwrap_or((part, ""));
            let line = head
                .lines()
                .find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let to = header(&raw, "to")?;
        let part = &raw[raw.find("Content-Type: text/plain")?..];
        let encoding = header(part, "content-transfer-encoding").unwrap_or_default();
        let (_, body) = part.split_once("\n\n")?;
        let body = body.split("\n--").next()?;
        let text = match encoding.as_str() {
            "base64" => {
                let joined: String = body.split_whitespace().collect();
                String::from_utf8(STANDARD.decode(joined).ok()?).ok()?
            }
            "quoted-printable" => quoted_printable(body)?,
            _ => body.to_owned(),
        };
        Some(Self { kind, to, text })
    }

    /// The address that it asks to open.
    #[track_caller]
    pub fn link(&self) -> Url {
        let at = self.text.find("http").expect("a link");
        let link = self.text[at..].split_whitespace().next().expect("a link");
        link.parse().expect("a URL")
    }

    /// The code in it: `WDJB-MJHT`.
    #[track_caller]
    pub fn code(&self) -> String {
        let is_code = |word: &&str| {
            word.len() == 9
                && word.as_bytes()[4] == b'-'
                && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
        };
        let mut words = self.text.split_whitespace();
        words.find(is_code).expect("a code").to_owned()
    }
}

/// RFC 2045 6.7.
fn quoted_printable(text: &str) -> Option<String> {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let hex = [rest.next()?, rest.next()?];
            let hex = std::str::from_utf8(&hex).ok()?.to_owned();
            bytes.push(u8::from_str_radix(&hex, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Every letter of the folder to this address, the oldest first.
pub fn letters_to(folder: &Path, email: &str) -> Vec<LetterSeen> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map(|files| files.filter_map(|file| Some(file.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    files
        .iter()
        .filter_map(|file| LetterSeen::read(file))
        .filter(|letter| letter.to.contains(email))
        .collect()
}

/// Waits for the letter of this number to this address, counted from 1, and gives it.
pub async fn letter_to(folder: &Path, email: &str, number: usize) -> LetterSeen {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(letter) = letters_to(folder, email).into_iter().nth(number - 1) {
            return letter;
        }
        assert!(
            Instant::now() < deadline,
            "letter {number} to {email} does not come"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
