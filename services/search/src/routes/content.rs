//! Messages and files as what is searched.

mod params;
pub(crate) mod search;
mod view;
