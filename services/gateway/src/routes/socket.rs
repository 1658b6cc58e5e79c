//! Sockets.

pub mod tunnel;
