use std::time::Duration;

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{
    sync::watch as channel,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Engine, Store, StoreError, sqlite};

/// How often SQLite's `data_version` is read: other processes follow within 100 ms.
const SQLITE_POLL: Duration = Duration::from_millis(50);
/// PostgreSQL forgets notifications while a listener is away, so look again this often anyway.
const POSTGRES_TICK: Duration = Duration::from_secs(1);
/// How long to wait before connecting again after the connection was lost.
const RECONNECT: Duration = Duration::from_millis(500);

/// Says when it is time to look whether something has changed. Dropping it ends it.
#[derive(Debug)]
pub struct ChangeWatch {
    /// Seen by the follower, which has a connection of its own.
    seen: channel::Receiver<u64>,
    /// Committed by this process.
    local: channel::Receiver<u64>,
    tick: Option<Duration>,
    follower: JoinHandle<()>,
}

impl ChangeWatch {
    /// Waits until the database may have changed since the last call. May return without reason, never
    /// misses a change, and lets no more than a second pass on PostgreSQL. Safe to cancel.
    pub async fn changed(&mut self) {
        let tick = self.tick;
        let idle = async move {
            match tick {
                Some(tick) => sleep(tick).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // A sender that is gone will send nothing more; the others still may.
            Ok(()) = self.seen.changed() => {}
            Ok(()) = self.local.changed() => {}
            () = idle => {}
        }
    }
}

impl Drop for ChangeWatch {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

pub(super) async fn start(
    store: &Store,
    channel: &'static str,
    local: channel::Receiver<u64>,
) -> Result<ChangeWatch, StoreError> {
    let (sender, seen) = channel::channel(0);
    let (tick, follower) = match &store.engine {
        Engine::Sqlite(pools) => {
            // Read once here, so that nothing between this call and the first poll is missed.
            let mut connection = sqlite::connect(pools).await?;
            let version = sqlite::data_version(&mut connection).await?;
            let follower = follow_sqlite(pools.clone(), connection, version, sender);
            (None, tokio::spawn(follower))
        }
        Engine::Postgres(pool) => {
            // A pool of its own: a listener holds its connection for good.
            let own = PgPoolOptions::new()
                .max_connections(1)
                .connect_lazy_with((*pool.connect_options()).clone());
            let listener = listen(&own, channel).await?;
            let follower = follow_postgres(own, channel, listener, sender);
            (Some(POSTGRES_TICK), tokio::spawn(follower))
        }
    };
    Ok(ChangeWatch {
        seen,
        local,
        tick,
        follower,
    })
}

async fn follow_sqlite(
    pools: sqlite::Pools,
    mut connection: sqlx::SqliteConnection,
    mut version: i64,
    sender: channel::Sender<u64>,
) {
    loop {
        sleep(SQLITE_POLL).await;
        match sqlite::data_version(&mut connection).await {
            Ok(current) if current == version => {}
            Ok(current) => {
                version = current;
                sender.send_modify(|count| *count += 1);
            }
            Err(error) => {
                tracing::warn!(%error, "following the database failed; opening it again");
                sleep(RECONNECT).await;
                if let Ok(fresh) = sqlite::connect(&pools).await {
                    connection = fresh;
                    // The number means nothing across connections, so take it as a change.
                    version = -1;
                }
            }
        }
    }
}

async fn listen(pool: &PgPool, channel: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    Ok(listener)
}

async fn follow_postgres(
    pool: PgPool,
    channel: &'static str,
    mut listener: PgListener,
    sender: channel::Sender<u64>,
) {
    loop {
        match listener.try_recv().await {
            Ok(Some(_)) => sender.send_modify(|count| *count += 1),
            outcome => {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "listening for changes failed; polling until it works again");
                }
                drop(listener);
                listener = loop {
                    match timeout(Duration::from_secs(10), listen(&pool, channel)).await {
                        Ok(Ok(fresh)) => break fresh,
                        _ => sleep(RECONNECT).await,
                    }
                };
                // What was announced meanwhile is lost.
                sender.send_modify(|count| *count += 1);
            }
        }
    }
}
