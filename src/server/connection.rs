//! One connection, from its first byte to its last.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use super::{answer::answer, limits, metrics::Counted, shared::Front};

/// HTTP/1.1, and HTTP/2 without TLS to those who know that we speak it, with our limits.
pub(super) fn protocol() -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_READ)
        .max_headers(limits::HEADER_COUNT)
        .max_buf_size(limits::HEADER_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(limits::HEADER_READ)
        .keep_alive_timeout(limits::HEADER_READ);
    protocol
}

/// Serves `stream` until the client goes, falls silent, or `stop` is cancelled and its last request is
/// answered.
pub(super) async fn serve(
    protocol: Arc<auto::Builder<TokioExecutor>>,
    front: Arc<Front>,
    stream: TcpStream,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let metrics = Arc::clone(&front.metrics);
    let _open = Counted::one(&metrics.connections);
    let activity = Activity::default();
    let service = service_fn(|request| {
        let request_under_way = activity.begin();
        let front = Arc::clone(&front);
        async move {
            let _request_under_way = request_under_way;
            Ok::<_, Infallible>(answer(&front, peer, request).await)
        }
    });
    let connection = protocol.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut look = interval_at(Instant::now() + limits::IDLE, limits::IDLE);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = 0;
    let mut is_stopping = false;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%peer, error = %error, "connection ended");
                }
                return;
            }
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = look.tick() => {
                if activity.is_idle_since(&mut seen) {
                    // One that was told before and is still here does not listen.
                    if is_stopping {
                        return;
                    }
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// How many requests a connection has begun and ended.
#[derive(Clone, Default)]
struct Activity(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    fn begin(&self) -> UnderWay {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.0))
    }

    /// Whether nothing is under way and nothing has begun since `seen`, which is brought up to date.
    fn is_idle_since(&self, seen: &mut u64) -> bool {
        let begun = self.0.begun.load(Ordering::Relaxed);
        let ended = self.0.ended.load(Ordering::Relaxed);
        let is_idle = begun == ended && begun == *seen;
        *seen = begun;
        is_idle
    }
}

struct UnderWay(Arc<Counts>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_idle_when_nothing_began_and_nothing_runs() {
        let activity = Activity::default();
        let mut seen = 0;
        let request = activity.begin();
        assert!(!activity.is_idle_since(&mut seen));
        assert!(!activity.is_idle_since(&mut seen), "one is under way");
        drop(request);
        assert!(activity.is_idle_since(&mut seen));
        drop(activity.begin());
        assert!(!activity.is_idle_since(&mut seen), "one came and went");
        assert!(activity.is_idle_since(&mut seen));
    }
}
