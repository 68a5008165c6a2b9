//! Reading and writing cookies (RFC 6265bis).

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

use crate::modules::Site;

/// A cookie of this server: `__Host-` and `Secure` where browsers come by https, so that neither a
/// sibling domain nor a plain connection can set or see it.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    name: &'static str,
    secure_name: &'static str,
}

/// Who is signed in.
pub(super) const SESSION: Cookie = Cookie {
    name: "assay_session",
    secure_name: "__Host-assay_session",
};

/// Which browser this is, before anybody has signed in at it.
pub(super) const BROWSER: Cookie = Cookie {
    name: "assay_browser",
    secure_name: "__Host-assay_browser",
};

/// A sign-in of which the second factor is missing.
pub const PENDING_SIGN_IN: Cookie = Cookie {
    name: "assay_pending",
    secure_name: "__Host-assay_pending",
};

/// A browser at which the second factor is not asked for.
pub const REMEMBERED_DEVICE: Cookie = Cookie {
    name: "assay_remembered",
    secure_name: "__Host-assay_remembered",
};

/// Who has signed in at this browser before.
pub(super) const FAMILIAR: Cookie = Cookie {
    name: "assay_familiar",
    secure_name: "__Host-assay_familiar",
};

impl Cookie {
    fn name(self, site: &Site) -> &'static str {
        if site.cookies_secure {
            self.secure_name
        } else {
            self.name
        }
    }

    /// Its value in the request. A cookie that was sent twice is none: one of them is not ours.
    pub fn read<'a>(self, site: &Site, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(site);
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(other, _)| *other == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The header that sets it; for as long as the browser runs, unless `max_age` (seconds) is given.
    pub fn set(self, site: &Site, value: &str, max_age: Option<u32>) -> Option<HeaderValue> {
        let name = self.name(site);
        let secure = if site.cookies_secure { "; Secure" } else { "" };
        let age = max_age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        HeaderValue::try_from(format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"
        ))
        .ok()
    }

    /// The header that removes it.
    pub fn remove(self, site: &Site) -> Option<HeaderValue> {
        self.set(site, "", Some(0))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site::new(url.parse().unwrap(), None)
    }

    fn headers(cookie: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))])
    }

    #[test]
    fn on_https_the_cookie_belongs_to_this_host_alone() {
        let https = site("https://auth.example.com");
        assert_eq!(
            SESSION.set(&https, "t", Some(60)).unwrap(),
            "__Host-assay_session=t; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        // One without the prefix may come from anywhere.
        assert_eq!(SESSION.read(&https, &headers("assay_session=t")), None);
        let found = headers("a=b; __Host-assay_session=t");
        assert_eq!(SESSION.read(&https, &found), Some("t"));
    }

    #[test]
    fn two_cookies_of_one_name_are_no_cookie() {
        let http = site("http://localhost:3000");
        let found = headers("assay_session=mine; assay_session=theirs");
        assert_eq!(SESSION.read(&http, &found), None);
    }
}
