//! A server in this process with three modules made for tests, and a client of few words.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use assay_reconciler::{
    object::{Metadata, Object, Spec},
    spec::{ModuleName, ModuleSpec},
};
use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::{
    boot::{BootConfig, Opened, Overrides},
    clock::Clock,
    crypto::{KeyFile, Keyring, MasterKey, Secret},
    generation::{Actor, ApplyOptions, Engine, Generation, Owner},
    modules::Module,
    server::Server,
    store::testing::TestDb,
};

/// Long, for a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(30);

static MODULES: [Module; 2] = [
    Module {
        name: ModuleName::Session,
        paths: &["/session"],
        routes: |_| {
            Router::new()
                .route("/session/echo", post(|body: Bytes| async { body }))
                .route("/session/panic", get(panics))
                .route("/session/slow", get(slow))
        },
        tasks: |_, _| Vec::new(),
    },
    Module {
        name: ModuleName::Passkey,
        paths: &["/passkey"],
        routes: |_| Router::new().route("/passkey/{step}", get(|| async { "passkey" })),
        tasks: |_, _| Vec::new(),
    },
];

async fn panics() -> &'static str {
    panic!("for the test")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(500)).await;
    "slow"
}

/// A server and the engine that it does not share with anybody.
pub(super) struct Running {
    pub(super) server: Server,
    pub(super) address: SocketAddr,
}

/// Everything in the database of `db`, opened once more.
pub(super) async fn open(db: &TestDb) -> Opened {
    let store = db.store().await;
    let key = Secret::new("01".repeat(32));
    let master = MasterKey::find(Some(&key), None, KeyFile::None).unwrap();
    let keyring = Arc::new(Keyring::derive(&master).unwrap());
    let clock = Clock::system();
    let engine = Engine::new(store.clone(), Arc::clone(&keyring), clock.clone());
    engine.seed(config().seed, &Actor::boot()).await.unwrap();
    Opened {
        store,
        keyring,
        clock,
        engine,
    }
}

fn config() -> BootConfig {
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".to_owned()),
        ..Overrides::default()
    };
    let text = "[server]\npublic_url = \"https://auth.example.com\"";
    BootConfig::parse(text, Path::new("engine.toml"), &overrides, &|_| None).unwrap()
}

/// Starts a server on `db`; another may run on it.
pub(super) async fn start(db: &TestDb) -> Running {
    let opened = open(db).await;
    let snapshot = opened.engine.snapshot(None).await.unwrap();
    let server = Server::start_with(&config(), opened, &snapshot, &MODULES)
        .await
        .unwrap();
    let address = server.address();
    Running { server, address }
}

/// Switches the module `passkey` by hand.
pub(super) async fn switch(engine: &Engine, enabled: bool) -> Generation {
    let object = Object {
        metadata: Metadata {
            name: ModuleName::Passkey.name().to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        },
        spec: Spec::Module(ModuleSpec {
            enabled,
            settings: ModuleName::Passkey.default_settings(),
        }),
    };
    let mut options = ApplyOptions::new(Actor::new("test"));
    options.ownership.take_over = true;
    let applied = engine
        .apply_as(Owner::AdminApi, vec![object], Vec::new(), options)
        .await
        .unwrap();
    applied.generation
}

/// A connection that is kept alive.
pub(super) struct Client(BufReader<TcpStream>);

/// What the server said.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(super) fn generation(&self) -> Generation {
        Generation(self.header("assay-generation").unwrap().parse().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    pub(super) async fn get(&mut self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
            .await
    }

    /// Sends `request` as it is.
    pub(super) async fn send(&mut self, request: &str) -> Reply {
        self.write(request).await;
        self.read().await
    }

    pub(super) async fn write(&mut self, request: &str) {
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    pub(super) async fn read(&mut self) -> Reply {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.0.read_line(&mut head).await.unwrap();
            assert_ne!(read, 0, "the connection ended after {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply {
            status,
            head,
            body: String::new(),
        };
        let length = reply
            .header("content-length")
            .map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }

    /// Asks until the server serves `generation`, and tells how long that took.
    pub(super) async fn until(&mut self, generation: Generation) -> Duration {
        let began = Instant::now();
        while self.get("/healthz").await.generation() < generation {
            assert!(
                began.elapsed() < SOON,
                "generation {generation} is not served"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        began.elapsed()
    }
}
