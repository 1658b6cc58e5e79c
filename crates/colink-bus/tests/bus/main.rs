//! The bus against the real broker and the real database (T-1). `cargo xtask test` starts both and says where they are.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read where the stores are, and watch over their own tasks"
)]

mod consumers;
mod harness;
mod log_relays;
mod log_rows;
mod outages;
mod outboxes;
mod refusals;
mod stretches;
mod tails;
mod topic_list;
mod verdicts;
