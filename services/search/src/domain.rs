//! Pure rules: how text becomes tokens, how `q` is read, what is put into the index and asked of it.

pub(crate) mod filter;
pub(crate) mod highlight;
pub(crate) mod lexeme;
pub(crate) mod phrase;
pub(crate) mod query;
pub(crate) mod token;
