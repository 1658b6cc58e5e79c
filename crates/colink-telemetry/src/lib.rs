//! JSON logs, OTLP traces and the Prometheus registry behind one guard.
