//! Queries of the search database, one file per aggregate. Rows never leave this module unless they are results.
//!
//! A page is looked for in two ways, because neither serves all words. Words that are common are found by reading the
//! newest rows backwards; that is bounded to [`messages::WINDOW`] rows and stops at a full page. Words that do not fill a
//! page there are rare, and the inverted index knows all their rows. The planner cannot be trusted with this choice: it
//! knows nothing about the frequency of a beginning of a word.

pub(crate) mod channels;
pub(crate) mod criteria;
pub(crate) mod erasure;
pub(crate) mod files;
pub(crate) mod marks;
pub(crate) mod messages;
pub(crate) mod users;

#[cfg(test)]
mod plans;
