//! Where the letters of a server under test arrive: a folder, or a mail server.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use url::Url;

/// How long a letter may take; far longer than a delivery that failed once.
const LIMIT: Duration = Duration::from_mins(1);

/// A folder into which the server puts its letters.
pub struct Mailbox {
    folder: TempDir,
}

/// A letter as its reader sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Every header, unfolded.
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
}

impl Mailbox {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("assay-mails-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder }
    }

    /// A manifest with which letters come here.
    pub fn manifest(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: mail }}\nspec: {{ settings: {{ folder: \"{folder}\" }} }}\n"
        )
    }

    /// What has arrived, in the order in which it was written.
    pub fn mails(&self) -> Vec<Mail> {
        mails_in(self.folder.path())
    }

    /// Waits for a letter to whomever, and gives it as it was written: one without HTML has no parts.
    pub async fn wait_for_text(&self) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let files = std::fs::read_dir(self.folder.path()).expect("the folder");
            let letter = files
                .map(|entry| entry.expect("a file").path())
                .find(|path| path.extension().is_some_and(|ending| ending == "eml"));
            if let Some(letter) = letter {
                return std::fs::read_to_string(letter).expect("a letter");
            }
            assert!(Instant::now() < deadline, "no letter arrived");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until somebody has this many letters; gives the last.
    pub async fn wait_for(&self, recipient: &str, count: usize) -> Mail {
        wait(|| self.mails(), recipient, count).await
    }
}

/// The letters in a folder, in the order in which they were written.
pub fn mails_in(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder that can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| Mail::read(&std::fs::read_to_string(file).expect("a letter")))
        .collect()
}

pub(super) async fn wait(mails: impl Fn() -> Vec<Mail>, recipient: &str, count: usize) -> Mail {
    let deadline = Instant::now() + LIMIT;
    loop {
        let mut found = mails();
        found.retain(|mail| mail.header("to") == recipient);
        if found.len() >= count {
            return found.swap_remove(count - 1);
        }
        let arrived = found.len();
        assert!(
            Instant::now() < deadline,
            "{arrived} of {count} letters to {recipient} arrived"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Mail {
    /// Takes a message (RFC 5322) of a text and an HTML part apart.
    pub(super) fn read(message: &str) -> Self {
        let (headers, body) = part(message);
        let kind = value(&headers, "content-type").to_owned();
        let boundary = kind
            .split("boundary=")
            .nth(1)
            .expect("a boundary")
            .trim_matches('"');
        let line = format!("--{boundary}");
        let mut parts = body.split(&line).skip(1).take(2).map(|text| {
            let (headers, body) = part(text.trim_start());
            decode(value(&headers, "content-transfer-encoding"), body)
        });
        let mut next = || parts.next().expect("two parts");
        let (text, html) = (next(), next());
        Self {
            headers,
            text,
            html,
        }
    }

    /// A header that is there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let named = self.headers.iter().filter(|(found, _)| found == name);
        assert_eq!(named.count(), 1, "{name} in {:?}", self.headers);
        value(&self.headers, name)
    }

    pub fn subject(&self) -> &str {
        self.header("subject")
    }

    /// The address in it.
    #[track_caller]
    pub fn link(&self) -> Url {
        let line = self.text.lines().find(|line| line.starts_with("http"));
        line.expect("a link").trim().parse().expect("a link")
    }

    /// The code in it.
    #[track_caller]
    pub fn code(&self) -> String {
        let is_code = |word: &&str| {
            word.len() == 9
                && word.char_indices().all(|(at, c)| {
                    if at == 4 {
                        c == '-'
                    } else {
                        c.is_ascii_uppercase()
                    }
                })
        };
        let found = self.text.split_whitespace().find(is_code);
        found.expect("a code").to_owned()
    }
}

fn part(text: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = text.split_once("\r\n\r\n").expect("headers and a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = unfolded
        .lines()
        .map(|line| line.split_once(':').expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    (headers, body)
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers.iter().find(|(found, _)| found == name);
    found.map_or("", |(_, value)| value.as_str())
}

fn decode(encoding: &str, body: &str) -> String {
    match encoding {
        "base64" => {
            let text: String = body.split_whitespace().collect();
            let bytes = STANDARD.decode(text).expect("base64");
            String::from_utf8(bytes).expect("UTF-8")
        }
        "quoted-printable" => {
            let joined = body.replace("=\r\n", "");
            let mut bytes = Vec::new();
            let mut rest = joined.as_bytes();
            while let Some((&first, after)) = rest.split_first() {
                if first == b'=' {
                    let (hex, after) = after.split_at(2);
                    let hex = std::str::from_utf8(hex).expect("two digits");
                    bytes.push(u8::from_str_radix(hex, 16).expect("two digits"));
                    rest = after;
                } else {
                    bytes.push(first);
                    rest = after;
                }
            }
            String::from_utf8(bytes).expect("UTF-8")
        }
        _ => body.to_owned(),
    }
}
