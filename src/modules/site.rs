//! Where people and programs reach this server.

use url::{Host, Url};

use super::MutualTls;

/// The server's addresses, from `engine.toml`. They hold for as long as the process runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Site {
    /// The origin that browsers see: scheme, host and port, no path. Cookies and passkeys are bound
    /// to it.
    pub public_url: Url,
    /// The issuer identifier (OpenID Connect Discovery 1.0, section 3), compared as text: exactly
    /// what discovery says and tokens carry in `iss`.
    pub issuer: String,
    /// Whether browsers come by `https`, so that cookies are marked `Secure`.
    pub cookies_secure: bool,
    /// Which certificates clients can be known by.
    pub mutual_tls: MutualTls,
}

impl Site {
    /// The site at `public_url`, whose issuer is that origin unless `issuer` says otherwise.
    pub fn new(public_url: Url, issuer: Option<String>) -> Self {
        let issuer = issuer.unwrap_or_else(|| public_url.as_str().trim_end_matches('/').to_owned());
        let cookies_secure = public_url.scheme() == "https";
        Self {
            public_url,
            issuer,
            cookies_secure,
            mutual_tls: MutualTls::Off,
        }
    }

    /// The same, where clients are known by certificates.
    #[must_use]
    pub fn with_mutual_tls(mut self, mutual_tls: MutualTls) -> Self {
        self.mutual_tls = mutual_tls;
        self
    }

    /// The origin as text (RFC 6454): `https://auth.example.com`, as in a browser's `Origin` header.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// The absolute URL of `path`, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// The path within the issuer: empty, or `/auth` for `https://auth.example.com/auth`.
    /// `{issuer}/.well-known/openid-configuration` is served under it.
    pub fn issuer_path(&self) -> String {
        Url::parse(&self.issuer)
            .map(|issuer| issuer.path().trim_end_matches('/').to_owned())
            .unwrap_or_default()
    }

    /// Whether `host` is this machine and no other: `localhost`, `127.0.0.0/8`, `::1`.
    pub fn is_loopback(host: &Host<&str>) -> bool {
        match host {
            Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_the_public_url_unless_it_is_set() {
        let site = Site::new("https://auth.example.com/".parse().unwrap(), None);
        assert_eq!(site.issuer, "https://auth.example.com");
        assert_eq!(site.issuer_path(), "");
        assert_eq!(site.origin(), "https://auth.example.com");
        assert_eq!(
            site.url("/auth/login"),
            "https://auth.example.com/auth/login"
        );
        assert!(site.cookies_secure);

        let site = Site::new(
            "http://localhost:3000".parse().unwrap(),
            Some("http://localhost:3000/auth".into()),
        );
        assert_eq!(site.issuer_path(), "/auth");
        assert!(!site.cookies_secure);
    }
}
