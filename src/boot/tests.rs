#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fmt::Write as _, path::Path};

use assay_reconciler::{object::Spec, spec::ModuleSettings};

use super::*;

/// The example in the contract, as it is written there.
const CONTRACT: &str = r#"
auto_enable_modules = ["auth"]          # "auth" = every auth module; applied to an empty database only

[server]
bind_addr = "0.0.0.0:3000"
public_url = "https://auth.example.com" # OIDC iss + passkey origin

[backend]
type = "postgres"                       # or: type = "sqlite", data_dir = "./data"
url = "postgres://postgres:postgres@localhost/assay"

[auth]
issuer = "https://auth.example.com/auth"
admin_api_keys = ["sk_admin_replace_me"]

[auth.passkey]
rp_id = "auth.example.com"
rp_name = "Acme Identity"

[auth.oidc_provider]
enabled = true
"#;

fn environment(name: &str) -> Option<String> {
    match name {
        "PUBLIC_HOST" => Some("id.example.org".to_owned()),
        "PGPASSWORD" => Some("pa\"ss".to_owned()),
        "OFF" => Some("false".to_owned()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<BootConfig, BootError> {
    parse_with(text, &Overrides::default())
}

fn parse_with(text: &str, overrides: &Overrides) -> Result<BootConfig, BootError> {
    BootConfig::parse(text, Path::new("engine.toml"), overrides, &environment)
}

fn mistakes(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// `+session -zanzibar ...`
fn modules(config: &BootConfig) -> String {
    config.seed.iter().fold(String::new(), |mut text, object| {
        if let Spec::Module(spec) = &object.spec {
            let sign = if spec.enabled { '+' } else { '-' };
            let _ = write!(text, "{sign}{} ", object.name());
        }
        text
    })
}

#[test]
fn the_contracts_example_works_as_written() {
    let config = parse(CONTRACT).unwrap();
    assert_eq!(config.bind_addr, "0.0.0.0:3000");
    assert_eq!(config.admin_api_keys, [KeyHash::of("sk_admin_replace_me")]);
    let Backend::Postgres { url, .. } = &config.backend else {
        panic!("{:?}", config.backend)
    };
    assert_eq!(url.expose(), "postgres://postgres:postgres@localhost/assay");
    let site = config.site("0.0.0.0:3000".parse().unwrap());
    assert_eq!(site.issuer, "https://auth.example.com/auth");
    assert_eq!(site.origin(), "https://auth.example.com");
    assert_eq!(
        modules(&config),
        "+session +account +mail +jwt +biscuit +admin +password +passkey +oidc_client +oidc_provider +zanzibar +console "
    );
    let passkey = config.seed.iter().find(|object| object.name() == "passkey");
    let Spec::Module(passkey) = &passkey.unwrap().spec else {
        panic!("no module")
    };
    let ModuleSettings::Passkey(settings) = &passkey.settings else {
        panic!("no passkey settings")
    };
    assert_eq!(settings.rp_id.as_deref(), Some("auth.example.com"));
    assert_eq!(settings.rp_name.as_deref(), Some("Acme Identity"));
    insta::assert_snapshot!(config.warnings.join("\n"), @"`sk_admin_replace_me` from the documentation is an admin key of this server: whoever read the documentation may change everything. Replace it in `auth.admin_api_keys`");
}

#[test]
fn without_a_file_it_is_sqlite_on_localhost() {
    let config = parse("").unwrap();
    assert_eq!(config.bind_addr, "127.0.0.1:3000");
    let Backend::Sqlite { data_dir } = &config.backend else {
        panic!("{:?}", config.backend)
    };
    assert_eq!(data_dir, Path::new("./data"));
    let site = config.site("127.0.0.1:3000".parse().unwrap());
    assert_eq!(site.public_url.as_str(), "http://localhost:3000/");
    assert_eq!(site.issuer, "http://localhost:3000");
    assert!(config.warnings.is_empty());
    assert!(!modules(&config).contains('-'));
}

#[test]
fn the_issuer_follows_the_port_that_was_bound() {
    let config = parse("").unwrap();
    let issuer = |bound: &str| config.site(bound.parse().unwrap()).issuer;
    assert_eq!(issuer("127.0.0.1:41234"), "http://localhost:41234");
    assert_eq!(issuer("0.0.0.0:80"), "http://localhost");
    assert_eq!(issuer("[::]:3000"), "http://localhost:3000");
    assert_eq!(issuer("192.0.2.7:3000"), "http://192.0.2.7:3000");
    assert_eq!(issuer("[2001:db8::1]:3000"), "http://[2001:db8::1]:3000");
}

#[test]
fn the_command_line_wins() {
    let overrides = Overrides {
        config: None,
        listen: Some("127.0.0.1:0".to_owned()),
        data_dir: Some("/srv/assay".into()),
    };
    let text = "[server]\nbind_addr = \"0.0.0.0:3000\"\n[backend]\ndata_dir = \"x\"";
    let config = parse_with(text, &overrides).unwrap();
    assert_eq!(config.bind_addr, "127.0.0.1:0");
    let Backend::Sqlite { data_dir } = &config.backend else {
        panic!("{:?}", config.backend)
    };
    assert_eq!(data_dir, Path::new("/srv/assay"));

    let wrong = Overrides {
        config: None,
        listen: Some("3000".to_owned()),
        data_dir: Some("/srv/assay".into()),
    };
    insta::assert_snapshot!(parse_with(CONTRACT, &wrong).unwrap_err());
}

#[test]
fn variables_reach_every_string_and_add_no_toml() {
    let config = parse(
        r#"
        auto_enable_modules = ["${MODULES:-password}"]
        [server]
        bind_addr = "127.0.0.1:${PORT:-8080}"
        public_url = "https://${PUBLIC_HOST}"
        [backend]
        type = "${BACKEND:-postgres}"
        url = "postgres://u:${PGPASSWORD}@db/assay"
        [auth]
        admin_api_keys = ["$${PUBLIC_HOST}"]
        [auth.oidc_provider]
        enabled = "${OFF}"
        "#,
    )
    .unwrap();
    assert_eq!(config.bind_addr, "127.0.0.1:8080");
    assert_eq!(
        config.public_url.unwrap().as_str(),
        "https://id.example.org/"
    );
    assert_eq!(config.admin_api_keys, [KeyHash::of("${PUBLIC_HOST}")]);
    let Backend::Postgres { url, .. } = &config.backend else {
        panic!("{:?}", config.backend)
    };
    assert_eq!(url.expose(), "postgres://u:pa\"ss@db/assay");
}

#[test]
fn what_a_module_requires_comes_with_it() {
    let on = |text: &str| modules(&parse(text).unwrap());
    assert_eq!(
        on("auto_enable_modules = [\"password\"]"),
        "+session +account +mail +jwt +biscuit +admin +password -passkey -oidc_client -oidc_provider -zanzibar -console "
    );
    assert!(on("[auth.oidc_provider]\nenabled = false").contains("-oidc_provider"));
    assert!(
        on("auto_enable_modules = []\n[auth.oidc_provider]\nenabled = true")
            .contains("+oidc_provider")
    );
}

#[test]
fn every_mistake_is_told_at_once_and_with_its_place() {
    insta::assert_snapshot!(mistakes(
        r#"
auto_enable_modules = ["auht", "pasword", "kerberos"]
max_conections = 3

[server]
bind_adr = "0.0.0.0:3000"
public_url = "https://auth.example.com/idp"

[backend]
type = "postgress"

[auth]
issuer = "ftp://auth.example.com"
admin_api_keys = ["", 7]

[auth.passkey]
rp_id = "${RP_ID}"

[auth.oidc_provider]
enabled = "yes"

[auth.saml]
enabled = true
"#
    ));
}

#[test]
fn the_wrong_kind_of_value_is_named() {
    insta::assert_snapshot!(mistakes(
        "server = 1\nauth = [\"x\"]\nauto_enable_modules = true\n[backend]\ntype = 1\ndata_dir = false"
    ));
}

#[test]
fn broken_toml_has_a_place() {
    insta::assert_snapshot!(mistakes("[server]\nbind_addr = 0.0.0.0:3000\n"));
    insta::assert_snapshot!(mistakes(
        "[server]\nbind_addr = \"a:1\"\nbind_addr = \"b:1\"\n"
    ));
}

#[test]
fn addresses_are_checked() {
    let of = |bind: &str, url: &str| {
        mistakes(&format!(
            "[server]\nbind_addr = \"{bind}\"\npublic_url = \"{url}\""
        ))
    };
    insta::assert_snapshot!(of("localhost", "auth.example.com"));
    insta::assert_snapshot!(of("::1:3000", "https://u:p@auth.example.com"));
    insta::assert_snapshot!(of("127.0.0.1:70000", "https://auth.example.com?x"));
}

#[test]
fn a_backend_takes_only_what_is_its_own() {
    insta::assert_snapshot!(mistakes("[backend]\nurl = \"postgres://db/assay\""));
    insta::assert_snapshot!(mistakes("[backend]\ntype = \"postgres\"\ndata_dir = \"x\""));
    let bad_url = mistakes("[backend]\ntype = \"postgres\"\nurl = \"mysql://root:hunter2@db\"");
    assert!(!bad_url.contains("hunter2"));
    insta::assert_snapshot!(bad_url);
}

#[test]
fn what_is_unwise_is_said() {
    let config = parse(
        "[server]\npublic_url = \"http://auth.example.com\"\n[auth]\nissuer = \"https://id.example.com\"",
    )
    .unwrap();
    insta::assert_snapshot!(config.warnings.join("\n"));
    let local = parse("[server]\npublic_url = \"http://localhost:8080\"").unwrap();
    assert!(local.warnings.is_empty());
}

#[test]
fn a_file_that_is_named_must_exist() {
    let overrides = Overrides {
        config: Some("/nowhere/engine.toml".into()),
        ..Overrides::default()
    };
    insta::assert_snapshot!(
        BootConfig::load(&overrides).unwrap_err(),
        @"cannot read `/nowhere/engine.toml`: No such file or directory (os error 2)"
    );
}

#[test]
fn proxies_are_networks_and_certificates_need_them() {
    let config = parse(
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nclient_certificate_authorities = \"ca.pem\"",
    )
    .unwrap();
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.client_certificate_header, "client-cert");
    let site = config.site("127.0.0.1:1".parse().unwrap());
    assert_eq!(site.mutual_tls, MutualTls::Authorities);

    let told = mistakes(
        "[server]\npublic_url = \"https://auth.example.com\"\n[auth.passkey]\nrp_id = \"example.org\"",
    );
    assert!(
        told.contains(
            "`auth.passkey.rp_id` is neither the host of `server.public_url` (auth.example.com)"
        ),
        "{told}"
    );
    let told = mistakes("[server]\ntrusted_proxies = [\"proxy.example\"]");
    assert!(
        told.contains("`proxy.example` is no network or address"),
        "{told}"
    );
    let told = mistakes("[server]\nclient_certificate_header = \"X-Cert\"");
    assert!(told.contains("needs `server.trusted_proxies`"), "{told}");
    let told =
        mistakes("[server]\ntrusted_proxies = [\"::1\"]\nclient_certificate_header = \"X Cert\"");
    assert!(told.contains("no name of a header"), "{told}");
}
