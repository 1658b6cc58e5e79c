//! Messages, threads, reactions, reads and the gap-free channel log.
