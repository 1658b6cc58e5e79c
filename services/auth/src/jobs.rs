//! Work on a timer. Every replica runs every job; what must not happen twice is guarded in the database.

pub(crate) mod answer_mail_requests;
pub(crate) mod clean_up;
pub(crate) mod end_api_keys;
pub(crate) mod expire_registrations;
pub(crate) mod expire_statuses;
pub(crate) mod rotate_keys;
pub(crate) mod send_mail;
