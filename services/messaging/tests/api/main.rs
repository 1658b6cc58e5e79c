//! The messaging service against real stores and the real broker. The channels service is played by a stub where it is
//! asked; its events are real.
#![expect(clippy::unwrap_used, reason = "a broken assumption fails the test where it is noticed")]

mod api_keys;
mod bad_input;
mod bots;
mod channel_events;
mod channel_pins;
mod crash;
mod document;
mod foreign_ids;
mod harness;
mod internal;
mod keyed_writes;
mod message_delete;
mod message_edit;
mod message_history;
mod message_idempotency;
mod message_lanes;
mod message_order;
mod message_send;
mod projections;
mod reactions;
mod reads;
mod realm_admin;
mod refusals;
mod scopes;
mod send_permission;
mod threads;
mod user_erased;
