//! Pure rules: how a message becomes HTML, whom it calls, where a page of history begins, when a retry is one.

pub(crate) mod fingerprint;
pub(crate) mod history;
pub(crate) mod html;
pub(crate) mod inline;
pub(crate) mod markdown;
pub(crate) mod mention;
pub(crate) mod splice;
