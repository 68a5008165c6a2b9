//! From a boot configuration and an open database to a server that answers.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use assay_reconciler::spec::ModuleName;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    assemble,
    follow::Follower,
    listen::listen,
    live::{Live, Running},
    proxy::Proxies,
    shared::{Front, Shared},
    tasks::Tasks,
};
use crate::{
    boot::{BootConfig, Opened},
    crypto::{
        CpuPool, Keyring,
        certificate::{Authorities, AuthoritiesError},
        password::Passwords,
    },
    generation::{Publisher, Snapshot, SnapshotError},
    modules::{
        Context, MODULES, Module, NotOnThisMachine, biscuit::Biscuits, check_on_this_machine,
        mail::Mails, pages::Theme, zanzibar::Tuples,
    },
    outgoing::{Outgoing, OutgoingError},
    store::StoreError,
};

/// How many passwords are hashed at once, however many cores there are: each takes 19 MiB, unless the settings
/// say otherwise.
const PASSWORDS_AT_ONCE: usize = 8;
/// How many passwords may wait for a core before sign-ins are answered with 503.
const PASSWORDS_WAITING: usize = 64;
/// How many biscuits that take long may wait for a core before more are answered with 503.
const BISCUITS_WAITING: usize = 64;

/// A server that has begun to listen.
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    listening: JoinHandle<()>,
    following: JoinHandle<()>,
    opened: Opened,
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// What was asked for.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The authorities that sign certificates of clients.
    #[error("`server.client_certificate_authorities`: {path} {source}", path = .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: AuthoritiesError,
    },
    /// Settings that name what is not on this machine.
    #[error(transparent)]
    Machine(#[from] NotOnThisMachine),
    /// The configuration in the database cannot be served.
    #[error("cannot serve the configuration in the database: {0}")]
    Snapshot(#[from] SnapshotError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Requests to others cannot be made.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
}

impl Server {
    /// Begins to serve what is newest; only what differs from `snapshot` is read again. From the moment
    /// this returns, requests are answered.
    pub async fn start(
        config: &BootConfig,
        opened: Opened,
        snapshot: &Arc<Snapshot>,
    ) -> Result<Self, StartError> {
        Self::start_with(config, opened, snapshot, &MODULES).await
    }

    pub(super) async fn start_with(
        config: &BootConfig,
        opened: Opened,
        snapshot: &Arc<Snapshot>,
        modules: &'static [Module],
    ) -> Result<Self, StartError> {
        let not_listening = |source| StartError::Listen {
            address: config.bind_addr.clone(),
            source,
        };
        let authorities = match &config.client_certificate_authorities {
            Some(path) => Some(Authorities::read(path).map_err(|source| {
                let path = path.clone();
                StartError::Authorities { path, source }
            })?),
            None => None,
        };
        let proxies = Proxies {
            trusted: config.trusted_proxies.clone(),
            certificate_header: config.client_certificate_header.clone(),
            authorities,
        };
        // Watch first: what is committed after the snapshot was read must be noticed.
        let watch = opened.store.watch().await?;
        let snapshot = opened.engine.snapshot(Some(snapshot)).await?;
        for name in ModuleName::ALL {
            check_on_this_machine(&snapshot.module(name).settings)?;
        }
        let listener = TcpListener::bind(&config.bind_addr)
            .await
            .map_err(not_listening)?;
        let address = listener.local_addr().map_err(not_listening)?;

        let biscuits = Arc::new(Biscuits::new(CpuPool::for_this_machine(BISCUITS_WAITING)));
        biscuits.catch_up(&opened.store).await?;
        let generation = snapshot.generation;
        let publisher = Arc::new(Publisher::new(generation));
        let context = Context {
            store: opened.store.clone(),
            keyring: opened.keyring.clone(),
            clock: opened.clock.clone(),
            engine: opened.engine.clone(),
            snapshot: Arc::clone(&snapshot),
            publisher: Arc::clone(&publisher),
            cpu: CpuPool::for_this_machine(PASSWORDS_WAITING),
            passwords: Passwords::new(
                Keyring::clone(&opened.keyring),
                CpuPool::within(PASSWORDS_AT_ONCE, PASSWORDS_WAITING),
            ),
            outgoing: Outgoing::new()?,
            logout_notices: Arc::default(),
            mails: Arc::new(Mails::new(config.mail_folder())),
            webhook_deliveries: Arc::default(),
            places: Arc::default(),
            tuples: Arc::new(Tuples::new(opened.keyring.clone())),
            biscuits: Arc::clone(&biscuits),
            theme: Arc::new(Theme::of(&snapshot)),
            site: Arc::new(config.site(address)),
            boot_admin_keys: config.admin_api_keys.as_slice().into(),
        };
        let shared = Shared::new(
            opened.store.clone(),
            opened.engine.clone(),
            publisher,
            &context.logout_notices,
            &context.mails,
        );
        shared.metrics.serves(generation);
        let router = assemble::router(&context, modules, &shared);
        let live = Arc::new(Live::new(Running::new(snapshot, router)));
        let front = Arc::new(Front {
            live: Arc::clone(&live),
            metrics: Arc::clone(&shared.metrics),
            proxies,
            is_https: context.site.cookies_secure,
            request_prefix: std::process::id(),
        });
        let replica = opened.engine.register(generation).await?;
        let mut tasks = Tasks::new(modules);
        tasks.follow(&context).await;
        let follower = Follower {
            context,
            modules,
            shared: shared.clone(),
            live,
            watch,
            replica,
            tasks,
        };

        let stop = CancellationToken::new();
        let following = tokio::spawn(follower.run(stop.child_token()));
        let listening = tokio::spawn({
            let stop = stop.child_token();
            async move {
                tokio::spawn({
                    let stop = stop.clone();
                    async move {
                        stop.cancelled().await;
                        shared.drain();
                    }
                });
                listen(listener, front, stop).await;
            }
        });
        Ok(Self {
            address,
            stop,
            listening,
            following,
            opened,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets requests under way end, ends the modules' tasks and closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in [self.listening, self.following] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended badly");
            }
        }
        self.opened.store.close().await;
    }
}
