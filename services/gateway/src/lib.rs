//! The public edge: routing, token check, rate limits, deadlines, documents.
