//! Connections to Postgres, MongoDB, Redis and S3, and what their failures mean.
