//! The server under test, and what it is installed with.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder};
use tempfile::TempDir;
use url::Url;

use super::command::{Command, Output, binary};
use super::port::free_port;
use super::{Manifests, Registration, RelyingParty, Reply, TestDb, Visitor};

/// The admin key of every server under test.
pub const ADMIN_KEY: &str = "sk_admin_only-for-the-tests-of-assay-0123456789";

/// How long a debug build on a busy machine may take to migrate and listen.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How long any one request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// A person who can sign in.
#[derive(Clone, Debug)]
pub struct User {
    pub email: String,
    pub password: String,
}

/// What a server is to be started with.
pub struct Setup {
    db: TestDb,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    engine_toml: String,
    server_toml: String,
}

/// What outlives one run of the server: its folder, its database, its public address.
struct Installation {
    // Dropped in this order, after every server on it.
    folder: TempDir,
    db: TestDb,
    public_url: Url,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    engine_toml: String,
    server_toml: String,
}

/// A server under test. Dropped, it is killed, and what it left is removed.
pub struct Assay {
    process: Option<Process>,
    port: u16,
    config: PathBuf,
    http: reqwest::Client,
    installation: Arc<Installation>,
}

impl Setup {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Applies these manifests before the server listens.
    pub fn manifests(self, manifests: &Manifests) -> Self {
        let path = manifests.path().to_str().expect("a path of UTF-8");
        self.argument("--manifests").argument(path)
    }

    /// One more argument of `assay serve`.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Sections added to `engine.toml`, beside `[server]`, `[backend]` and `[auth]`.
    pub fn engine_toml(mut self, sections: &str) -> Self {
        self.engine_toml.push_str(sections);
        self.engine_toml.push('\n');
        self
    }

    /// Keys added to `[server]` of `engine.toml`.
    pub fn server_toml(mut self, keys: &str) -> Self {
        self.server_toml.push_str(keys);
        self.server_toml.push('\n');
        self
    }

    /// Installs everything but starts no server: for commands that work on the database.
    pub fn install(self) -> Assay {
        let port = free_port();
        let mut environment = self.environment;
        if self.db.url().is_some() {
            // Servers on PostgreSQL share no folder in which one could make the key for all.
            environment.insert(0, ("ASSAY_MASTER_KEY".to_owned(), random_key()));
        }
        let folder = tempfile::Builder::new()
            .prefix("assay-test-")
            .tempdir()
            .expect("a temporary folder");
        let public_url = format!("http://localhost:{port}/")
            .parse()
            .expect("a URL of a port");
        Assay::on(
            Arc::new(Installation {
                folder,
                db: self.db,
                public_url,
                environment,
                arguments: self.arguments,
                engine_toml: self.engine_toml,
                server_toml: self.server_toml,
            }),
            port,
        )
    }

    /// Installs and starts; returns when the server listens.
    pub async fn start(self) -> Assay {
        let mut assay = self.install();
        assay.run().await;
        assay
    }
}

impl Assay {
    pub fn with(db: TestDb) -> Setup {
        Setup {
            db,
            environment: Vec::new(),
            arguments: Vec::new(),
            engine_toml: String::new(),
            server_toml: String::new(),
        }
    }

    /// A server with nothing but its defaults.
    pub async fn start(db: TestDb) -> Self {
        Self::with(db).start().await
    }

    fn on(installation: Arc<Installation>, port: u16) -> Self {
        // reqwest is built without a provider for TLS, and will not build a client before there is one.
        // Another test may have installed it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_LIMIT)
            .no_proxy()
            // Port 0 stands for the port of the URL: `localhost` without asking a resolver.
            .resolve("localhost", ([127, 0, 0, 1], 0).into())
            .build()
            .expect("an HTTP client");
        let config = installation
            .folder
            .path()
            .join(format!("engine-{port}.toml"));
        std::fs::write(&config, installation.engine_toml(port)).expect("a written engine.toml");
        Self {
            process: None,
            port,
            config,
            http,
            installation,
        }
    }

    /// Starts the server, which must not be running; returns when it listens.
    pub async fn run(&mut self) {
        assert!(self.process.is_none(), "the server is running");
        let mut command = binary();
        command
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .args(&self.installation.arguments)
            .current_dir(self.installation.folder.path());
        for (name, value) in &self.installation.environment {
            command.env(name, value);
        }
        let process = Process::start(command);
        let address = process.wait_until_it_listens().await;
        assert_eq!(address.port(), Some(self.port), "listens on {address}");
        self.process = Some(process);
    }

    /// Ends the server with SIGKILL, as a power cut would; its database stays.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Kills the server and starts it again, on the same database and port.
    pub async fn restart(&mut self) {
        self.kill();
        self.run().await;
    }

    /// A second server on the same database, with a port of its own.
    pub async fn replica(&self) -> Self {
        let mut replica = Self::on(Arc::clone(&self.installation), free_port());
        replica.run().await;
        replica
    }

    /// The identifier of the running process.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("a running server").child.id()
    }

    /// What the server has logged since it was started last.
    pub fn logs(&self) -> String {
        self.process.as_ref().map(Process::logs).unwrap_or_default()
    }

    pub fn db(&self) -> &TestDb {
        &self.installation.db
    }

    /// The folder the server runs in; SQLite's data lie in `data` below it.
    pub fn folder(&self) -> &Path {
        self.installation.folder.path()
    }

    /// Where this server answers; not its replicas, whose issuer is the same.
    pub fn url(&self, path: &str) -> Url {
        let mut base = self.installation.public_url.clone();
        base.set_port(Some(self.port)).expect("http has ports");
        base.join(path).expect("a path")
    }

    /// The OpenID Connect issuer.
    pub fn issuer(&self) -> String {
        issuer(&self.installation.public_url)
    }

    /// A request to this server that carries no credential.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::GET, path)).await
    }

    /// A request that carries the admin key.
    pub fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(ADMIN_KEY)
    }

    /// A command on the database of this server.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::offline(arguments)
            .argument("--config")
            .argument(&self.config)
            .in_folder(self.folder());
        for (name, value) in &self.installation.environment {
            command = command.env(name, value);
        }
        command
    }

    /// A command that goes through the admin API of this server.
    pub fn remote_command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        Command::offline(arguments)
            .in_folder(self.folder())
            .env("ASSAY_SERVER", self.url("/").as_str())
            .env("ASSAY_ADMIN_KEY", ADMIN_KEY)
    }

    /// Runs a command on the database of this server.
    pub fn cli<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        self.command(arguments).run()
    }

    /// Applies a folder through the command line; panics unless it succeeds.
    #[track_caller]
    pub fn apply(&self, manifests: &Manifests) -> Output {
        let path = manifests.path().to_str().expect("a path of UTF-8");
        // Another process made the change, so the server hears of it a moment later.
        self.cli(["apply", "-f", path, "--wait"]).expect_code(0)
    }

    /// Makes a person `name@example.com` with a password.
    #[track_caller]
    pub fn user(&self, name: &str) -> User {
        let user = User {
            email: format!("{name}@example.com"),
            password: format!("correct horse battery {name}"),
        };
        self.command(["user", "create", "--email", &user.email, "--password-stdin"])
            .input(&user.password)
            .run()
            .expect_code(0);
        user
    }

    /// Someone at a browser that has been nowhere yet.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.http.clone())
    }

    /// A client of this server, which reads its discovery document.
    pub async fn relying_party(&self, registration: Registration) -> RelyingParty {
        RelyingParty::discover(self.http.clone(), &self.issuer(), registration).await
    }
}

impl Installation {
    fn engine_toml(&self, port: u16) -> String {
        let mut text = String::from("auto_enable_modules = [\"auth\"]\n\n");
        let public_url = self.public_url.as_str().trim_end_matches('/');
        let issuer = issuer(&self.public_url);
        let _ = writeln!(
            text,
            "[server]\nbind_addr = \"127.0.0.1:{port}\"\npublic_url = \"{public_url}\"\n{}",
            self.server_toml
        );
        let _ = writeln!(
            text,
            "{}",
            self.db.backend(&self.folder.path().join("data"))
        );
        let _ = writeln!(
            text,
            "[auth]\nissuer = \"{issuer}\"\nadmin_api_keys = [\"{ADMIN_KEY}\"]\n"
        );
        text.push_str(&self.engine_toml);
        text
    }
}

/// A master key: 32 random bytes in base64.
fn random_key() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    STANDARD.encode(bytes)
}

fn issuer(public_url: &Url) -> String {
    public_url.join("auth").expect("a path").into()
}

/// A child that is killed with this value.
struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    listening: mpsc::Receiver<Url>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    fn start(mut command: std::process::Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, listening) = mpsc::channel();
        let readers = vec![
            collect(child.stdout.take().expect("a pipe"), &log, sender.clone()),
            collect(child.stderr.take().expect("a pipe"), &log, sender),
        ];
        Self {
            child,
            log,
            listening,
            readers,
        }
    }

    async fn wait_until_it_listens(&self) -> Url {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match self.listening.try_recv() {
                Ok(address) => return address,
                Err(mpsc::TryRecvError::Disconnected) => {
                    panic!("the server ended before it listened:\n{}", self.logs())
                }
                Err(mpsc::TryRecvError::Empty) if Instant::now() > deadline => {
                    panic!("the server does not listen:\n{}", self.logs())
                }
                Err(mpsc::TryRecvError::Empty) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    fn logs(&self) -> String {
        self.log.lock().expect("no reader panicked").clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is as dead.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            eprintln!("--- what the server logged\n{}", self.logs());
        }
    }
}

/// Keeps what is read, and passes the address on once the server tells it.
fn collect(
    stream: impl Read + Send + 'static,
    log: &Arc<Mutex<String>>,
    found: mpsc::Sender<Url>,
) -> JoinHandle<()> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut found = Some(found);
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(address) = address_in(&line)
                && let Some(found) = found.take()
            {
                // Nobody waits any more when the test is over.
                let _ = found.send(address);
            }
            let mut log = log.lock().expect("no reader panicked");
            log.push_str(&line);
            log.push('\n');
        }
    })
}

fn address_in(line: &str) -> Option<Url> {
    let (_, rest) = line.split_once("listening on ")?;
    let end = rest
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[test]
fn the_address_is_found_in_a_line_of_text_and_of_json() {
    let expected: Option<Url> = "http://127.0.0.1:4711".parse().ok();
    assert_eq!(
        address_in(
            "2026-01-01T00:00:00Z  INFO assay: listening on http://127.0.0.1:4711 version=1"
        ),
        expected
    );
    assert_eq!(
        address_in(r#"{"message":"listening on http://127.0.0.1:4711"}"#),
        expected
    );
    assert_eq!(address_in("listening on a socket"), None);
}
