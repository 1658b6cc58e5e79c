//! Every event payload, the envelope, the topic list and the golden files; knows no Kafka.
