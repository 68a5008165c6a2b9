//! Ports for servers whose address has to be known before they start.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A free port that this process gives out once.
///
/// Below the range from which the kernel takes ports for outgoing connections, so that nobody is
/// given it by chance between this call and the server's bind.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    // Test runs side by side start at different places.
    let seed = std::process::id().wrapping_mul(257) % u32::from(COUNT);
    for _ in 0..COUNT {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let offset = u16::try_from((seed + step) % u32::from(COUNT)).expect("below COUNT");
        let port = FIRST + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("every port from {FIRST} on is taken");
}

#[test]
fn a_port_is_given_out_once() {
    assert_ne!(free_port(), free_port());
}
