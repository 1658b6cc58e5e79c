//! The only user of rdkafka: producer, outbox relay, consumer loop, parking of keys.
