use std::fmt;

use crate::modules::Site;

/// Longest address of a page of ours: a flow that waits for a sign-in is part of it.
const MAX_LENGTH: usize = 20 * 1024;

/// Where a person was going when they had to sign in: a path of this server, never another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Takes a path with its query; `None` for anything that a browser could read as another site
    /// (`//evil`, `/\evil`, a control character that it would drop).
    pub fn parse(site: &Site, text: &str) -> Option<Self> {
        let is_plain = text.starts_with('/')
            && text.len() <= MAX_LENGTH
            && text
                .bytes()
                .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
        if !is_plain || text.starts_with("//") {
            return None;
        }
        let target = site.public_url.join(text).ok()?;
        let is_here = target.origin() == site.public_url.origin();
        // `/..//evil` is `//evil` once it is resolved.
        (is_here && !target.path().starts_with("//")).then(|| Self(text.to_owned()))
    }

    /// Where a form or an address says the person is going; their account, if nowhere or to another
    /// site.
    pub fn wished(site: &Site, text: Option<&str>) -> Self {
        text.and_then(|text| Self::parse(site, text))
            .unwrap_or_else(Self::account)
    }

    /// Where people go who were going nowhere else.
    pub fn account() -> Self {
        Self(super::ACCOUNT_PATH.to_owned())
    }

    /// The path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query alone, without its question mark.
    pub fn query(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once('?')?;
        rest.split('#').next()
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address of `path` with a `return_to`.
pub(in crate::modules) fn with_return_to(path: &str, return_to: &str) -> String {
    let query: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
    format!("{path}?return_to={query}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<ReturnTo> {
        ReturnTo::parse(
            &Site::new(
                "https://auth.example.com".parse::<url::Url>().unwrap(),
                None,
            ),
            text,
        )
    }

    #[test]
    fn paths_of_ours_are_kept_as_they_are() {
        let place = parse("/auth/authorize/resume?flow=a%20b#x").unwrap();
        assert_eq!(place.as_str(), "/auth/authorize/resume?flow=a%20b#x");
        assert_eq!(place.path(), "/auth/authorize/resume");
        assert_eq!(place.query(), Some("flow=a%20b"));
    }

    #[test]
    fn other_sites_in_any_disguise_are_refused() {
        for text in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/..//evil.example",
            "/.//evil.example",
            "javascript:alert(1)",
            "auth/login",
            " /auth",
            "/auth login",
            "/é",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(MAX_LENGTH))), None);
    }
}
