//! Pure rules about files.

pub(crate) mod allowed;
pub(crate) mod checksum;
pub(crate) mod file;
pub(crate) mod media_type;
pub(crate) mod rules;
pub(crate) mod sniff;
pub(crate) mod sort;
