//! The keys of `engine.toml`.

use std::{cell::RefCell, net::IpAddr, path::Path};

use assay_reconciler::spec::{ModuleName, admin_key::KeyHash};
use axum::http::HeaderName;
use ipnet::IpNet;
use toml::de::DeTable;
use url::{Host, Url};

use super::{
    BootConfig, DEFAULT_BIND_ADDR, DEFAULT_DATA_DIR, Overrides, PLACEHOLDER_ADMIN_KEY,
    error::{BootError, Mistake, Source},
    seed::{self, Seed},
    table::{Reading, Table, Text, listed, nearest},
};
use crate::{
    crypto::Secret,
    modules::{Site, passkey},
    store::Backend,
};

/// How many connections to PostgreSQL this process opens at most for requests.
const POSTGRES_CONNECTIONS: u32 = 16;
/// Where proxies put the certificate of a client (RFC 9440).
const CLIENT_CERTIFICATE: HeaderName = HeaderName::from_static("client-cert");
/// What stands for every module in `auto_enable_modules`.
const ALL_MODULES: &str = "auth";

pub(super) fn read(
    text: &str,
    path: &Path,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<BootConfig, BootError> {
    let reading = Reading {
        source: Source { path, text },
        environment,
        mistakes: RefCell::default(),
    };
    let root = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().replace(", expected nothing", "");
        BootError::Mistakes(vec![reading.source.mistake(offset, message)])
    })?;
    let mut root = Table::new(&reading, root.into_inner());

    let mut server = root.table("server");
    let bind_addr = server.text("bind_addr");
    let public_url = server.text("public_url");
    let trusted_proxies = server.texts("trusted_proxies").unwrap_or_default();
    let certificate_header = server.text("client_certificate_header");
    let authorities = server.text("client_certificate_authorities");
    server.finish();

    let backend = backend(&reading, root.table("backend"), overrides);

    let mut auth = root.table("auth");
    let issuer = auth.text("issuer");
    let admin_api_keys = auth.texts("admin_api_keys").unwrap_or_default();
    let mut passkey = auth.table("passkey");
    let rp_id = passkey.text("rp_id");
    let rp_name = passkey.text("rp_name");
    passkey.finish();
    let mut oidc_provider = auth.table("oidc_provider");
    let oidc_provider_enabled = oidc_provider.boolean("enabled");
    oidc_provider.finish();
    auth.finish();

    let modules = root.texts("auto_enable_modules");
    root.finish();

    let bind_addr = bind_addr.and_then(|text| socket(&reading, text));
    let public_url = public_url.and_then(|text| origin(&reading, &text));
    if trusted_proxies.is_empty()
        && let Some(text) = certificate_header.as_ref().or(authorities.as_ref())
    {
        let message = format!(
            "`{}` needs `server.trusted_proxies`: nobody else is believed",
            text.key
        );
        reading.mistake(text.offset, message);
    }
    let trusted_proxies = trusted_proxies
        .iter()
        .filter_map(|text| network(&reading, text))
        .collect();
    let client_certificate_header =
        certificate_header.and_then(|text| header_name(&reading, &text));
    if let (Some(rp_id), Some(host)) = (&rp_id, public_url.as_ref().and_then(Url::host_str))
        && !passkey::covers(&rp_id.value, host)
    {
        let message = format!(
            "`{}` is neither the host of `server.public_url` ({host}) nor a domain above it: no browser would \
             make a passkey",
            rp_id.key
        );
        reading.mistake(rp_id.offset, message);
    }
    let issuer = issuer.and_then(|text| issuer_identifier(&reading, text));
    if let Some(listen) = &overrides.listen
        && let Err(message) = check_socket(listen)
    {
        reading.mistakes.borrow_mut().push(Mistake {
            at: "--listen".to_owned(),
            offset: usize::MAX,
            message,
        });
    }
    let warnings = warnings(public_url.as_ref(), issuer.as_deref(), &admin_api_keys);
    let admin_api_keys = admin_api_keys
        .iter()
        .filter_map(|text| admin_key(&reading, text))
        .collect();
    let seed = seed::objects(&Seed {
        on: modules.map_or(ModuleName::ALL.to_vec(), |names| enabled(&reading, &names)),
        oidc_provider_enabled,
        rp_id: rp_id.map(|text| text.value),
        rp_name: rp_name.map(|text| text.value),
    });

    let mut mistakes = reading.mistakes.into_inner();
    mistakes.sort_by_key(|mistake| mistake.offset);
    if !mistakes.is_empty() {
        return Err(BootError::Mistakes(mistakes));
    }
    Ok(BootConfig {
        file: Some(path.to_owned()),
        bind_addr: overrides
            .listen
            .clone()
            .or(bind_addr)
            .unwrap_or_else(|| DEFAULT_BIND_ADDR.to_owned()),
        trusted_proxies,
        client_certificate_header: client_certificate_header.unwrap_or(CLIENT_CERTIFICATE),
        client_certificate_authorities: authorities.map(|text| text.value.into()),
        public_url,
        issuer,
        backend,
        admin_api_keys,
        warnings,
        seed,
    })
}

fn backend(reading: &Reading<'_>, mut table: Table<'_, '_>, overrides: &Overrides) -> Backend {
    const TYPES: [&str; 2] = ["sqlite", "postgres"];
    let kind = table.text("type");
    let url = table.text("url");
    let data_dir = table.text("data_dir");
    table.finish();

    let data_dir_override = overrides.data_dir.clone();
    let sqlite = |data_dir: Option<Text>| Backend::Sqlite {
        data_dir: data_dir_override
            .or(data_dir.map(|text| text.value.into()))
            .unwrap_or_else(|| DEFAULT_DATA_DIR.into()),
    };
    match kind.as_ref().map(|text| text.value.as_str()) {
        Some("postgres") => {
            if let Some(data_dir) = data_dir {
                reading.mistake(
                    data_dir.offset,
                    "`backend.data_dir` belongs to `type = \"sqlite\"`, but the type is `postgres`",
                );
            }
            if overrides.data_dir.is_some() {
                reading.mistakes.borrow_mut().push(Mistake {
                    at: "--data-dir".to_owned(),
                    offset: usize::MAX,
                    message: format!(
                        "the backend in `{}` is `postgres`, which has no data directory",
                        reading.source.path.display()
                    ),
                });
            }
            // The URL holds a password, so no message repeats it.
            match &url {
                None => reading.mistake(
                    kind.map_or(0, |text| text.offset),
                    "`backend.url` is missing: `type = \"postgres\"` needs `url = \"postgres://user:password@host/database\"`",
                ),
                Some(url) if !is_postgres_url(&url.value) => reading.mistake(
                    url.offset,
                    "`backend.url` must be a URL like `postgres://user:password@host/database`",
                ),
                Some(_) => {}
            }
            Backend::Postgres {
                url: Secret::new(url.map(|text| text.value).unwrap_or_default()),
                max_connections: POSTGRES_CONNECTIONS,
            }
        }
        Some("sqlite") | None => {
            if let Some(url) = url {
                reading.mistake(
                    url.offset,
                    "`backend.url` needs `type = \"postgres\"`; SQLite has a `data_dir`",
                );
            }
            sqlite(data_dir)
        }
        Some(other) => {
            let hint = match nearest(other, TYPES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", listed(&TYPES)),
            };
            let offset = kind.as_ref().map_or(0, |text| text.offset);
            reading.mistake(offset, format!("unknown backend type `{other}`; {hint}"));
            sqlite(data_dir)
        }
    }
}

fn is_postgres_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"))
}

fn enabled(reading: &Reading<'_>, names: &[Text]) -> Vec<ModuleName> {
    let mut on = Vec::new();
    for name in names {
        if name.value == ALL_MODULES {
            on.extend(ModuleName::ALL);
        } else if let Ok(module) = name.value.parse() {
            on.push(module);
        } else {
            let known = ModuleName::ALL.map(ModuleName::name);
            let hint = match nearest(&name.value, known.into_iter().chain([ALL_MODULES])) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: `{ALL_MODULES}` for all of them, {}", listed(&known)),
            };
            reading.mistake(
                name.offset,
                format!("`{}`: unknown module `{}`; {hint}", name.key, name.value),
            );
        }
    }
    on
}

fn admin_key(reading: &Reading<'_>, text: &Text) -> Option<KeyHash> {
    let key = text.value.as_str();
    if key.is_empty() || key.contains(|c: char| c.is_whitespace() || c.is_control()) {
        // Never with the key in the message.
        reading.mistake(
            text.offset,
            format!(
                "`{}`: an admin key is text without spaces, and not empty",
                text.key
            ),
        );
        return None;
    }
    Some(KeyHash::of(key))
}

fn network(reading: &Reading<'_>, text: &Text) -> Option<IpNet> {
    let network = text.value.parse::<IpNet>().or_else(|_| {
        let address = text.value.parse::<IpAddr>();
        address.map(IpNet::from)
    });
    if network.is_err() {
        let message = format!(
            "`{}`: `{}` is no network or address, such as `10.0.0.0/8` or `127.0.0.1`",
            text.key, text.value
        );
        reading.mistake(text.offset, message);
    }
    network.ok()
}

fn header_name(reading: &Reading<'_>, text: &Text) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.value.as_bytes());
    if name.is_err() {
        let message = format!("`{}`: `{}` is no name of a header", text.key, text.value);
        reading.mistake(text.offset, message);
    }
    name.ok()
}

fn socket(reading: &Reading<'_>, text: Text) -> Option<String> {
    match check_socket(&text.value) {
        Ok(()) => Some(text.value),
        Err(message) => {
            reading.mistake(text.offset, format!("`{}`: {message}", text.key));
            None
        }
    }
}

/// Whether `text` is `host:port`. The name is looked up when the server begins to listen.
fn check_socket(text: &str) -> Result<(), String> {
    let wrong =
        || format!("`{text}` is no address and port, such as `127.0.0.1:3000` or `[::]:3000`");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if host.is_empty() || bare_ipv6 || port.parse::<u16>().is_err() {
        return Err(wrong());
    }
    Ok(())
}

/// `http://localhost`, to be given a port.
pub(super) fn localhost() -> Url {
    #[allow(clippy::expect_used)] // A constant, and a test parses it.
    Url::parse("http://localhost").expect("a URL")
}

fn origin(reading: &Reading<'_>, text: &Text) -> Option<Url> {
    let fail = |why: &str| {
        let message = format!(
            "`{}` {why}; it is an origin such as `https://auth.example.com`",
            text.key
        );
        reading.mistake(text.offset, message);
        None
    };
    match http_url(&text.value) {
        Err(why) => fail(why),
        Ok(url) if url.path() != "/" => {
            fail("has a path, but cookies and passkeys belong to a whole host")
        }
        Ok(url) => Some(url),
    }
}

/// Discovery 1.0, section 3: an `https` URL without query and fragment. `http` is for this machine
/// and for closed networks, and so only warned about.
fn issuer_identifier(reading: &Reading<'_>, text: Text) -> Option<String> {
    match http_url(&text.value) {
        Ok(_) => Some(text.value),
        Err(why) => {
            let message = format!(
                "`{}` {why}; an issuer is a URL such as `https://auth.example.com/auth`",
                text.key
            );
            reading.mistake(text.offset, message);
            None
        }
    }
}

fn http_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not an absolute URL")?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("is neither `https` nor `http`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("carries a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries a user name or password");
    }
    Ok(url)
}

fn warnings(
    public_url: Option<&Url>,
    issuer: Option<&str>,
    admin_api_keys: &[Text],
) -> Vec<String> {
    let mut warnings = Vec::new();
    if admin_api_keys
        .iter()
        .any(|key| key.value == PLACEHOLDER_ADMIN_KEY)
    {
        warnings.push(format!(
            "`{PLACEHOLDER_ADMIN_KEY}` from the documentation is an admin key of this server: whoever read the \
             documentation may change everything. Replace it in `auth.admin_api_keys`"
        ));
    }
    let issuer = issuer.and_then(|issuer| Url::parse(issuer).ok());
    for (key, url) in [
        ("server.public_url", public_url),
        ("auth.issuer", issuer.as_ref()),
    ] {
        if let Some(url) = url
            && is_exposed(url)
        {
            warnings.push(format!(
                "`{key}` is `{url}`: passwords and tokens cross the network in the clear. Use `https`"
            ));
        }
    }
    if let (Some(public_url), Some(issuer)) = (public_url, &issuer)
        && public_url.origin() != issuer.origin()
    {
        warnings.push(format!(
            "`auth.issuer` is at another host than `server.public_url` ({issuer} and {public_url}): relying \
             parties look for discovery at the issuer"
        ));
    }
    warnings
}

/// Whether tokens and cookies for `url` would cross a network in the clear.
fn is_exposed(url: &Url) -> bool {
    url.scheme() == "http"
        && !url
            .host()
            .is_some_and(|host: Host<&str>| Site::is_loopback(&host))
}
