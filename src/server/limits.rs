//! What one client may take of the server, all in one place.

use std::time::Duration;

/// Connections open at once; further ones wait to be accepted.
pub const CONNECTIONS: usize = 4_096;
/// Header fields of a request; more are answered with 431.
pub const HEADER_COUNT: usize = 64;
/// Bytes of the request line and headers together; more are answered with 431.
pub const HEADER_BYTES: usize = 32 * 1024;
/// Until the headers of the next request have arrived, idle time included.
pub const HEADER_READ: Duration = Duration::from_secs(30);
/// How often an open connection is looked at: one that has had no request since the last look is
/// closed.
pub const IDLE: Duration = Duration::from_mins(1);
/// Streams that one HTTP/2 connection may have open.
pub const STREAMS: u32 = 128;
/// From the end of the headers to the beginning of the response.
pub const REQUEST: Duration = Duration::from_mins(2);
/// Bytes of a request body, wherever it goes: a folder of ten thousand manifests fits. Extractors stop
/// at 2 MiB unless a route says otherwise.
pub const BODY_BYTES: usize = 64 * 1024 * 1024;
/// How long requests under way may take to end once the server is told to stop.
pub const DRAIN: Duration = Duration::from_secs(8);
/// How long the tasks of a module may take to end.
pub const TASK_END: Duration = Duration::from_secs(5);
/// How long `/readyz` waits for the database.
pub const DATABASE_PROBE: Duration = Duration::from_secs(2);
