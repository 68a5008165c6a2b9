//! Accepts connections until it is told to stop, and then lets those that are open end.

use std::{io, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connection, limits, shared::Front};

/// Pause after an accept that failed for want of something, such as file descriptors.
const BREATHER: Duration = Duration::from_millis(50);

/// Serves `listener` until `stop` is cancelled, and at most [`limits::DRAIN`] longer.
pub(super) async fn listen(listener: TcpListener, front: Arc<Front>, stop: CancellationToken) {
    let protocol = Arc::new(connection::protocol());
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        // Whoever finds no place waits in the kernel's queue.
        let Some(Ok(place)) = stop
            .run_until_cancelled(Arc::clone(&places).acquire_owned())
            .await
        else {
            break;
        };
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else {
            break;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_the_clients(&error) {
                    tracing::error!(%error, "cannot accept a connection");
                    tokio::time::sleep(BREATHER).await;
                }
                continue;
            }
        };
        // Responses are written whole, so there is nothing to wait for.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "connection is gone already");
        }
        front.metrics.connections_accepted.inc();
        let serving = connection::serve(
            Arc::clone(&protocol),
            Arc::clone(&front),
            stream,
            peer,
            stop.clone(),
        );
        connections.spawn(async move {
            serving.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits::DRAIN, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests were still under way after {} s",
            limits::DRAIN.as_secs()
        );
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
