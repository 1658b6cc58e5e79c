//! `/dms/{channel_id}/messages`: another name of `/channels/{channel_id}/messages`.

pub(crate) mod list;
pub(crate) mod post;
