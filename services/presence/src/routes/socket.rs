//! The socket.

pub mod open;
