//! Keeps secrets out of messages and excerpts.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// Beginnings of well-known secrets, each with the fewest characters that follow in a real one.
const TOKENS: [(&str, usize, &str); 17] = [
    ("sk_admin_", 16, "an admin key of assay"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 16, "a GitLab token"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 30, "a Google API key"),
    ("GOCSPX-", 20, "a Google client secret"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("npm_", 36, "an npm token"),
    ("eyJ", 40, "a JSON Web Token"),
];

/// A secret in a text: what it looks like and its bytes.
pub(crate) struct Found {
    pub(crate) what: &'static str,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// How a private key in PEM begins (RFC 7468).
const PEM: &str = "-----BEGIN ";

/// Looks for every beginning at once: each byte of every manifest goes through it.
static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(TOKENS.iter().map(|(prefix, ..)| *prefix).chain([PEM]))
        .ok()
});

/// The first text at or after `from` that looks like a real secret.
pub(crate) fn find_secret(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(rest) = bytes.get(at..) {
        if let Some(beginnings) = &*BEGINNINGS {
            at += beginnings.find(rest)?.start();
        } else if rest.is_empty() {
            return None;
        }
        if let Some(found) = secret_at(bytes, at) {
            return Some(found);
        }
        // Not past the whole beginning: a real one may start within it.
        at += 1;
    }
    None
}

fn secret_at(bytes: &[u8], start: usize) -> Option<Found> {
    let rest = &bytes[start..];
    if rest.starts_with(PEM.as_bytes()) {
        return private_key_at(bytes, start);
    }
    // A word that merely contains the beginning is no token.
    if start > 0 && is_token_byte(bytes[start - 1]) {
        return None;
    }
    TOKENS.iter().find_map(|(prefix, fewest, what)| {
        let tail = rest.strip_prefix(prefix.as_bytes())?;
        let length = tail.iter().take_while(|b| is_token_byte(**b)).count();
        // RFC 7519 3: three parts with dots; `eyJ` is how `{"` begins in base64.
        let is_real = length >= *fewest
            && (*prefix != "eyJ" || tail[..length].split(|b| *b == b'.').count() == 3);
        is_real.then_some(Found {
            what,
            start,
            end: start + prefix.len() + length,
        })
    })
}

fn private_key_at(bytes: &[u8], start: usize) -> Option<Found> {
    let head_end = start + 64.min(bytes.len() - start);
    let marker = b"PRIVATE KEY";
    if !bytes[start..head_end]
        .windows(marker.len())
        .any(|window| window == marker)
    {
        return None;
    }
    let tail = b"-----END ";
    let end = bytes[head_end..]
        .windows(tail.len())
        .position(|window| window == tail)
        .map_or(bytes.len(), |at| head_end + at);
    Some(Found {
        what: "a private key",
        start,
        end,
    })
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// `text` without anything that looks like a real secret.
pub(super) fn mask_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = find_secret(text, from) {
        out.push_str(&text[from..found.start]);
        out.push_str("***");
        from = found.end;
    }
    out.push_str(&text[from..]);
    out
}

/// A manifest's text with every secret replaced by as many `*`, so that positions stay right.
/// Works on the bare text, because a file with a syntax error has no tree.
pub(crate) fn mask_text(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = find_secret(text, from) {
        mask(&mut bytes, found.start, found.end);
        from = found.end;
    }
    let mut start = 0;
    // The indentation of a key whose value stands on the lines below it.
    let mut below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = content.len() - content.trim_start().len();
        if let Some(outer) = below {
            if content.trim().is_empty() || indent > outer {
                if !content.contains(": ") && !content.ends_with(':') {
                    mask(&mut bytes, start + indent, start + content.len());
                }
            } else {
                below = None;
            }
        }
        for (value, end) in secret_values(content) {
            let shown = content[value..end].trim();
            if shown.is_empty() || shown.starts_with(['|', '>', '#']) {
                below = Some(indent);
            } else {
                mask(&mut bytes, start + value, start + end);
            }
        }
        start += line.len();
    }
    // Only whole characters were replaced: masks begin and end at ASCII.
    String::from_utf8(bytes).unwrap_or_else(|error| "*".repeat(error.as_bytes().len()))
}

fn mask(bytes: &mut [u8], start: usize, end: usize) {
    for byte in &mut bytes[start..end] {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b'*';
        }
    }
}

/// Where in a line the values of keys begin and end whose name says that they are secret.
fn secret_values(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let key_start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let key = before[key_start..].to_ascii_lowercase();
        let after = &line[colon + 1..];
        // `"a":1` in JSON needs no blank.
        let begins_value = after.is_empty()
            || after.starts_with([' ', '\t'])
            || line[..colon].ends_with(['"', '\'']);
        if !begins_value || !is_secret_key(&key) {
            continue;
        }
        let value = after.trim_start();
        let start = line.len() - value.len();
        // Mappings and lists are looked into; addresses are no secrets (`token` is an endpoint).
        if value.starts_with(['{', '[', '&', '*'])
            || value.trim_start_matches(['"', '\'']).starts_with("http")
        {
            continue;
        }
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..]
                .find(quote)
                .map_or(line.len(), |at| start + at + 2),
            _ => value
                .find([',', '}', ']'])
                .filter(|_| line.contains('{'))
                .map_or(line.len(), |at| start + at),
        };
        found.push((start, end));
    }
    found
}

fn is_secret_key(key: &str) -> bool {
    key == "value"
        || key == "d"
        || [
            "secret",
            "password",
            "passwd",
            "token",
            "apikey",
            "api_key",
            "api-key",
            "privatekey",
        ]
        .iter()
        .any(|word| key.ends_with(word))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_positions_stay() {
        for (text, masked) in [
            (
                "clientSecret: hunter2hunter2",
                "clientSecret: **************",
            ),
            (
                "clientSecret: { fromEnv: X }",
                "clientSecret: { fromEnv: X }",
            ),
            (
                "clientSecret: { value: abc }",
                "clientSecret: { value: ****}",
            ),
            (
                "\"clientSecret\":\"abc\",\"x\":1",
                "\"clientSecret\":*****,\"x\":1",
            ),
            (
                "clientSecret: |\n  one\n  two\nx: y",
                "clientSecret: |\n  ***\n  ***\nx: y",
            ),
            ("clientSecret:\n  one\nx: y", "clientSecret:\n  ***\nx: y"),
            (
                "clientSecret:\n  fromEnv: X\nx: y",
                "clientSecret:\n  fromEnv: X\nx: y",
            ),
            ("token: https://a.example", "token: https://a.example"),
            (
                "# sk_admin_0123456789abcdef0123",
                "# *****************************",
            ),
            ("clientSecret: pässword€", "clientSecret: ************"),
        ] {
            let got = mask_text(text);
            assert_eq!(got, masked);
            assert_eq!(got.len(), text.len());
        }
    }

    #[test]
    fn words_that_only_begin_like_a_secret_are_left_alone() {
        for text in [
            "sk_admin_short",
            "AKIA",
            "eyJust a word",
            "-----BEGIN CERTIFICATE-----",
        ] {
            assert!(find_secret(text, 0).is_none(), "{text}");
        }
        let key = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----";
        assert_eq!(find_secret(key, 0).unwrap().what, "a private key");
    }
}
