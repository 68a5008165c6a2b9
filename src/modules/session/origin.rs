use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

use crate::modules::Site;

/// Whether a form was sent from a page of this server, as far as the browser tells (Fetch Metadata,
/// RFC 6454). What no browser sent carries neither header, and must still show its CSRF token.
pub(super) fn require_same_origin(site: &Site, headers: &HeaderMap) -> Result<(), CrossOrigin> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    if text("sec-fetch-site").is_some_and(|value| !matches!(value, "same-origin" | "none")) {
        return Err(CrossOrigin);
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return Ok(());
    };
    // A page cannot choose the `Host` its browser sends, so a form from `http://127.0.0.1:3000` to
    // itself is our own, although the site calls itself `http://localhost:3000`.
    let is_own_host = text(HOST.as_str()).is_some_and(|host| {
        origin
            .split_once("://")
            .is_some_and(|(_, name)| name == host)
    });
    if origin == site.origin() || is_own_host {
        Ok(())
    } else {
        Err(CrossOrigin)
    }
}

/// A form that another site's page sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the form was sent from another site")]
pub(super) struct CrossOrigin;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn check(pairs: &[(&str, &str)]) -> Result<(), CrossOrigin> {
        let site = Site::new("https://auth.example.com".parse().unwrap(), None);
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        require_same_origin(&site, &headers)
    }

    #[test]
    fn forms_of_our_own_pages_are_taken() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[("origin", "https://auth.example.com")]), Ok(()));
        assert_eq!(check(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(
            check(&[
                ("origin", "http://127.0.0.1:3000"),
                ("host", "127.0.0.1:3000")
            ]),
            Ok(())
        );
    }

    #[test]
    fn forms_of_other_pages_are_not() {
        for headers in [
            [
                ("origin", "https://evil.example"),
                ("host", "auth.example.com"),
            ],
            [("origin", "null"), ("host", "auth.example.com")],
            [
                ("sec-fetch-site", "cross-site"),
                ("host", "auth.example.com"),
            ],
            [
                ("sec-fetch-site", "same-site"),
                ("host", "auth.example.com"),
            ],
            [
                ("origin", "https://auth.example.com.evil.example"),
                ("host", "auth.example.com"),
            ],
        ] {
            assert_eq!(check(&headers), Err(CrossOrigin), "{headers:?}");
        }
    }
}
