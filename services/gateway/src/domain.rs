//! Rules of the edge that need no request to be understood.

pub mod breaker;
pub mod documents;
pub mod frames;
pub mod table;
