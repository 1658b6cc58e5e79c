//! Calls of the API.

pub mod forward;
