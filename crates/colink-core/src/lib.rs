//! Ids, error kinds, paging, permissions and value types; no I/O.
