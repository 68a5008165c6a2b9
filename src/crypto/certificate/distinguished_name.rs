use std::borrow::Cow;

use x509_parser::prelude::X509Name;

/// The attribute types that have a short name (RFC 4514 3, RFC 5280 A.1).
const SHORT: [(&str, &str); 13] = [
    ("CN", "2.5.4.3"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("S", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
];

/// A distinguished name, the most specific part first, as RFC 4514 writes it. The parts of one that
/// has several are in order. Values are compared exactly, so that nothing is taken for a name that is
/// merely like it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DistinguishedName(Vec<Vec<(String, String)>>);

impl DistinguishedName {
    /// Reads the text of RFC 4514. Values in hexadecimal (`#...`) are not taken.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut names = Vec::new();
        for name in split(text, ',') {
            let mut parts = Vec::new();
            for part in split(name, '+') {
                let (kind, value) = part.split_once('=')?;
                parts.push((object_identifier(kind.trim())?, unescaped(value)?));
            }
            parts.sort_unstable();
            names.push(parts);
        }
        Some(Self(names))
    }

    /// The name in a certificate; `None` if it holds a value that is no text.
    pub(super) fn of(name: &X509Name<'_>) -> Option<Self> {
        let mut names = Vec::new();
        for relative in name.iter_rdn() {
            let mut parts = Vec::new();
            for part in relative.iter() {
                let value = part.as_str().ok()?.to_owned();
                parts.push((part.attr_type().to_id_string(), value));
            }
            parts.sort_unstable();
            names.push(parts);
        }
        names.reverse();
        Some(Self(names))
    }
}

/// Splits at `separator`, unless it is escaped.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == separator {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn object_identifier(kind: &str) -> Option<String> {
    let kind: Cow<'_, str> = match kind.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("oid.") => kind[4..].into(),
        _ => kind.to_ascii_uppercase().into(),
    };
    if kind.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(kind.into_owned());
    }
    let (_, id) = SHORT.iter().find(|(name, _)| *name == kind)?;
    Some((*id).to_owned())
}

/// The value without its escapes (RFC 4514 2.4), and without blanks around it.
fn unescaped(value: &str) -> Option<String> {
    let value = value.trim_start();
    if value.starts_with('#') {
        return None;
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut end = 0;
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            if byte != b' ' {
                end = bytes.len();
            }
            continue;
        }
        let escaped = rest.next()?;
        let byte = match char::from(escaped).to_digit(16) {
            Some(high) => {
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            None => escaped,
        };
        bytes.push(byte);
        end = bytes.len();
    }
    bytes.truncate(end);
    String::from_utf8(bytes).ok()
}
