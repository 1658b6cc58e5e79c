//! The server, the envelope, the extractors, health, OpenAPI, paging and idempotency.
