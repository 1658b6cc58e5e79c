//! The section `[server]` of every service.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Largest body that is read when nothing else is configured: 1 MiB.
pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

/// How a service listens. Every key has a default, so a section names only what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Worker threads; 0 takes one on a single core, else two.
    pub workers: usize,
    /// Let the kernel back the heap with pages of 2 MiB: a tenth less CPU under full load for 10 to 24 MiB more memory.
    pub huge_pages: bool,
    /// Largest request body in bytes; a larger one is refused with 413.
    pub body_limit: usize,
    /// A request that is not answered by then is given up with 504, in milliseconds; 0 means never.
    pub request_timeout_ms: u64,
    /// How long the head of a request may take to arrive, in milliseconds; 0 means for ever.
    pub header_timeout_ms: u64,
    /// How long the body of a request may take to arrive, in milliseconds.
    pub body_timeout_ms: u64,
    /// How long an idle connection is kept, in seconds; longer than the idle time of the clients' pools.
    pub keep_alive_s: u64,
    /// How long requests in flight may go on at a graceful stop, in seconds.
    pub shutdown_timeout_s: u64,
    /// Open connections a worker takes at most.
    pub max_connections: usize,
    /// Take the client's address from the last hop of `X-Forwarded-For`. Only behind the gateway, which
    /// sets that header itself; anywhere else a client could forge its address.
    pub trust_forwarded: bool,
    /// Log every request; when off, only failures and slow requests are logged.
    pub access_log: bool,
    /// A request that takes longer than this is logged as slow, in milliseconds.
    pub slow_ms: u64,
    /// Send `Strict-Transport-Security`: only where clients come over TLS.
    pub hsts: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8001)),
            workers: 0,
            huge_pages: false,
            body_limit: DEFAULT_BODY_LIMIT,
            request_timeout_ms: 30_000,
            header_timeout_ms: 5_000,
            body_timeout_ms: 15_000,
            keep_alive_s: 75,
            shutdown_timeout_s: 20,
            max_connections: 15_000,
            trust_forwarded: false,
            access_log: true,
            slow_ms: 1_000,
            hsts: false,
        }
    }
}

impl HttpConfig {
    /// The number of worker threads after resolving 0.
    pub fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        if self.workers == 0 { cores().clamp(1, 2) } else { self.workers }
    }

    /// The deadline of a request, `None` when there is none.
    pub fn request_timeout(&self) -> Option<Duration> {
        (self.request_timeout_ms > 0).then(|| Duration::from_millis(self.request_timeout_ms))
    }
}
