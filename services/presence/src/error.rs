//! What can keep a node from following the fleet's events.

/// A failure that ends the process: a node that delivers nothing must not take sockets.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// The broker's client gave up for good.
    #[error("the events of the fleet cannot be read")]
    Events(#[from] colink_bus::BusError),
}
