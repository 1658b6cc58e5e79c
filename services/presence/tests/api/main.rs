//! The presence service as clients meet it: a real node, a real broker and Redis; the two services that it
//! asks are played by a small server.

#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod foreign_ids;
mod gate;
mod harness;
mod presence_devices;
mod presence_list;
mod refusals;
mod scopes;
mod socket_delivery;
mod socket_ends;
mod socket_frames;
mod socket_joins;
mod socket_open;
mod socket_races;
mod socket_rights;
mod socket_scopes;
mod socket_slow;
mod world;
