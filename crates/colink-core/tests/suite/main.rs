//! What the types of colink-core promise, seen from outside.

mod errors;
mod ids;
mod pages;
mod permissions;
mod roles;
mod scopes;
mod text_keys;
mod text_names;
mod text_written;
mod times;
