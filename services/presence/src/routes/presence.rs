//! Who is there.

pub mod list;
