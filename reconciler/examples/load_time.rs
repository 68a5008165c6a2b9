//! How long it takes to load 10,000 clients and 1,000 namespaces.
//!
//! `cargo run --release -p assay-reconciler --example load_time`
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::{fmt::Write as _, fs, io, path::Path, time::Instant};

use assay_reconciler::{LoadOptions, SourcePath, load, secret::SecretReader};

struct Secrets;

impl SecretReader for Secrets {
    fn env(&self, _: &str) -> Option<String> {
        Some("0123456789abcdef0123456789abcdef".to_owned())
    }

    fn file(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn manifests() -> Vec<String> {
    let clients = (0..10_000).map(|n| {
        format!(
            "apiVersion: assay/v1
kind: OidcClient
metadata:
  name: client-{n}
  labels: {{ team: team-{team} }}
spec:
  displayName: Client number {n}
  clientType: confidential
  clientSecret: {{ fromEnv: CLIENT_{n}_SECRET }}
  tokenEndpointAuthMethod: client_secret_basic
  redirectUris:
    - https://app-{n}.example.com/oauth2/callback
    - https://app-{n}.staging.example.com/oauth2/callback
  postLogoutRedirectUris: [https://app-{n}.example.com/]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, profile, email, offline_access]
  accessTokenTtl: 15m
  consent: implicit
",
            team = n % 50
        )
    });
    let namespaces = (0..1_000).map(|n| {
        format!(
            "apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: {{ name: type_{n} }}
spec: {spec}
",
            spec = std::env::var("NAMESPACE_SPEC").unwrap_or_else(|_| String::from("{}"))
        )
    });
    clients.chain(namespaces).collect()
}

fn main() {
    let folder = std::env::temp_dir().join(format!("assay-load-time-{}", std::process::id()));
    let manifests = manifests();
    for per_file in [1, 220, manifests.len()] {
        fs::create_dir_all(&folder).expect("a folder");
        for (index, chunk) in manifests.chunks(per_file).enumerate() {
            let mut text = String::new();
            for manifest in chunk {
                write!(text, "---\n{manifest}").expect("text");
            }
            fs::write(folder.join(format!("{index:05}.yaml")), text).expect("a file");
        }
        for _ in 0..5 {
            let start = Instant::now();
            let paths = [SourcePath::Path(folder.clone())];
            let loaded = load(&paths, &Secrets, LoadOptions::default());
            let took = start.elapsed();
            match loaded {
                Ok(loaded) => println!(
                    "{} objects, {} files, {} KiB: {took:?}",
                    loaded.manifests.len(),
                    loaded.files,
                    loaded.bytes / 1024
                ),
                Err(problems) => println!(
                    "{} problems: {took:?}\n{:.2000}",
                    problems.count(),
                    problems.to_string()
                ),
            }
        }
        fs::remove_dir_all(&folder).expect("removed");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
}
