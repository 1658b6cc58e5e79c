//! What presence keeps in Redis: who is connected, and the passing notices between nodes.

pub mod devices;
pub mod ephemera;
