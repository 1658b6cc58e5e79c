//! What a node does from time to time.

pub mod check_heads;
pub mod sweep_devices;
