//! Test harness: a real service on port 0 with stores of its own, typed clients, awaited events.
