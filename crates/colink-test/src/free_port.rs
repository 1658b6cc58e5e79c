//! Ports for processes that are told theirs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below those that the system gives to outgoing connections: none of them stands on a port before its node does.
const PORTS: Range<u16> = 20_000..32_000;

/// A port that was free a moment ago, and that this process has given to no other node.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let ports = u32::from(PORTS.end - PORTS.start);
    // Processes begin far from each other.
    let begin = std::process::id().wrapping_mul(97);
    let tried = (0..ports).find_map(|_| {
        let step = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % ports;
        let port = PORTS.start + u16::try_from(step).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?.local_addr().ok()
    });
    tried.expect("a free port")
}
