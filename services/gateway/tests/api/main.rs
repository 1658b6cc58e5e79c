//! The gateway as clients meet it: the real process and a real Redis; the services behind it are played by small
//! servers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it is surprised")]
#![expect(clippy::disallowed_methods, reason = "tasks of a test end with its runtime")]

mod api_keys;
mod attacks;
mod bodies;
mod bodiless;
mod circuits;
mod cors;
mod harness;
mod headers;
mod health;
mod limits;
mod pages;
mod provider_tokens;
mod redis_down;
mod retries;
mod routing;
mod sockets;
mod stopping;
mod stub;
mod tokens;
mod wire;
