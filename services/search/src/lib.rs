//! The index over messages and files.
