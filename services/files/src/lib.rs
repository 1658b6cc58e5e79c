//! File metadata and objects.
