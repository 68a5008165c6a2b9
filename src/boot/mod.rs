//! The boot configuration: what must be known before the database is open. Everything else is
//! manifests.
//!
//! It comes from `engine.toml`: the file that `--config` names, else the one in the working
//! directory, else defaults: SQLite in `./data`, `127.0.0.1:3000`, every module on.

mod engine_toml;
mod error;
mod open;
mod seed;
mod table;
#[cfg(test)]
mod tests;
mod variables;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use assay_reconciler::{object::Object, spec::admin_key::KeyHash};
use axum::http::HeaderName;
use ipnet::IpNet;
use url::{Host, Url};

pub use self::{
    error::{BootError, Mistake},
    open::{OpenError, Opened},
};
use crate::{
    modules::{MutualTls, Site},
    store::Backend,
};

/// The file that is read from the working directory when `--config` names none.
pub const DEFAULT_FILE: &str = "engine.toml";
/// Where the server listens unless told otherwise.
pub const DEFAULT_BIND_ADDR: &str = "127.0.0.1:3000";
/// Where SQLite lives unless told otherwise.
pub const DEFAULT_DATA_DIR: &str = "./data";
/// The admin key that documentation shows. It works, and every start complains about it.
pub const PLACEHOLDER_ADMIN_KEY: &str = "sk_admin_replace_me";

/// What the command line says over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`: the file to read, which must exist.
    pub config: Option<PathBuf>,
    /// `--listen`: in place of `server.bind_addr`.
    pub listen: Option<String>,
    /// `--data-dir`: in place of `backend.data_dir`.
    pub data_dir: Option<PathBuf>,
}

/// The boot configuration, checked.
#[derive(Clone, Debug)]
pub struct BootConfig {
    /// The file it came from; `None` if there was none.
    pub file: Option<PathBuf>,
    /// `host:port` to listen on; port 0 takes a free one.
    pub bind_addr: String,
    /// Proxies that are believed when they say who is behind them.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they put the certificate of a client; `Client-Cert` (RFC 9440), unless it was set.
    pub client_certificate_header: HeaderName,
    /// The authorities that sign certificates of clients, in PEM.
    pub client_certificate_authorities: Option<PathBuf>,
    /// `server.public_url`, if it was set.
    pub public_url: Option<Url>,
    /// `auth.issuer`, if it was set.
    pub issuer: Option<String>,
    /// The database.
    pub backend: Backend,
    /// Hashes of `auth.admin_api_keys`: keys with every permission, that no manifest can take away.
    pub admin_api_keys: Vec<KeyHash>,
    /// What is allowed and unwise, to be said at every start.
    pub warnings: Vec<String>,
    /// What an empty database begins with: which modules are on, and their settings.
    pub seed: Vec<Object>,
}

impl BootConfig {
    /// Reads the configuration that applies in the working directory and this process's environment.
    pub fn load(overrides: &Overrides) -> Result<Self, BootError> {
        let environment = |name: &str| std::env::var(name).ok();
        let default_file = Path::new(DEFAULT_FILE);
        let path = overrides.config.as_deref().unwrap_or(default_file);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && overrides.config.is_none() => {
                let mut config = Self::parse("", path, overrides, &environment)?;
                config.file = None;
                return Ok(config);
            }
            Err(source) => {
                let path = path.to_owned();
                return Err(BootError::Unreadable { path, source });
            }
        };
        Self::parse(&text, path, overrides, &environment)
    }

    /// Reads the configuration from `text`; `path` is what messages call it.
    pub fn parse(
        text: &str,
        path: &Path,
        overrides: &Overrides,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, BootError> {
        engine_toml::read(text, path, overrides, environment)
    }

    /// Where mails are put unless settings say how to deliver them: beside the database, if that is a
    /// file on this machine.
    pub fn mail_folder(&self) -> Option<PathBuf> {
        match &self.backend {
            Backend::Sqlite { data_dir } => Some(data_dir.join("mails")),
            Backend::Postgres { .. } => None,
        }
    }

    /// Where this server is reached once it listens on `bound`.
    ///
    /// Without `server.public_url` that is `http://` and the port that was bound. Addresses of this
    /// machine, and the wildcard, are called `localhost`: browsers let passkeys work there.
    pub fn site(&self, bound: SocketAddr) -> Site {
        let public_url = self.public_url.clone().unwrap_or_else(|| {
            let host = if bound.ip().is_loopback() || bound.ip().is_unspecified() {
                Host::Domain("localhost".to_owned())
            } else {
                match bound {
                    SocketAddr::V4(address) => Host::Ipv4(*address.ip()),
                    SocketAddr::V6(address) => Host::Ipv6(*address.ip()),
                }
            };
            let mut url = engine_toml::localhost();
            let fits = url.set_host(Some(&host.to_string())).is_ok()
                && url.set_port(Some(bound.port())).is_ok();
            debug_assert!(fits, "an http URL takes any host and port");
            url
        });
        let mutual_tls = match &self.client_certificate_authorities {
            _ if self.trusted_proxies.is_empty() => MutualTls::Off,
            None => MutualTls::SelfSigned,
            Some(_) => MutualTls::Authorities,
        };
        Site::new(public_url, self.issuer.clone()).with_mutual_tls(mutual_tls)
    }
}
