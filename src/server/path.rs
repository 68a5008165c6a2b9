//! Paths that two programs could read in two ways.

/// Whether `path` means the same to every proxy, router and log: no empty or dot segments, encoded or
/// not, no backslash, no path parameters, no control characters (RFC 3986 3.3, 6.2.2.3).
pub(super) fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_suspicious = bytes.first() != Some(&b'/')
        || bytes.windows(2).any(|pair| matches!(pair, b"//" | b"/."))
        || bytes
            .iter()
            .any(|byte| matches!(byte, b'%' | b';' | b'\\' | 0..=0x20 | 0x7f..));
    // Nearly all paths need no closer look.
    !is_suspicious || is_plain_after_all(path)
}

fn is_plain_after_all(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return false;
    };
    let last = segments.split('/').count() - 1;
    segments.split('/').enumerate().all(|(index, segment)| {
        // A path may end with a slash.
        (!segment.is_empty() || index == last) && is_plain_segment(segment)
    })
}

fn is_plain_segment(segment: &str) -> bool {
    let is_written_plainly = !segment
        .bytes()
        .any(|byte| matches!(byte, b';' | b'\\' | 0..=0x20 | 0x7f..));
    is_written_plainly
        && decode(segment.as_bytes()).is_some_and(|decoded| {
            decoded != b"."
                && decoded != b".."
                && !decoded
                    .iter()
                    .any(|byte| matches!(byte, 0..0x20 | b'\\' | 0x7f))
        })
}

/// Percent-decodes; `None` for what is no percent-encoding.
fn decode(segment: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let value = bytes.next().and_then(digit)? * 16 + bytes.next().and_then(digit)?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_one_meaning_pass() {
        for path in [
            "/",
            "/healthz",
            "/.well-known/openid-configuration",
            "/auth/.well-known/jwks.json",
            "/auth/admin/auth/users/a%40example.com",
            "/auth/admin/zanzibar/team%2Fa",
            "/auth/scim/v2/",
            "/a..b/...c",
        ] {
            assert!(is_plain(path), "{path}");
        }
    }

    #[test]
    fn paths_with_two_meanings_do_not() {
        for path in [
            "",
            "*",
            "//",
            "//auth/token",
            "/auth//token",
            "/auth/../token",
            "/auth/./token",
            "/auth/..",
            "/auth/%2e%2e/token",
            "/auth/%2E./token",
            "/auth/.%2e",
            "/auth/token;jsessionid=1",
            "/auth\\token",
            "/auth/%5ctoken",
            "/auth/token%00",
            "/auth/token%0a",
            "/auth/token%zz",
            "/auth/token%2",
            "/auth/\u{e9}",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
