//! The documents of the API.

pub mod get;
pub mod get_service;
