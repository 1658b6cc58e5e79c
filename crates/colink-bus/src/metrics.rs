//! The metrics of the bus. Labels are closed sets: topics, groups and outcomes.

use colink_telemetry::metrics::{
    HistogramVec, IntCounterVec, IntGaugeVec, LATENCY_SECONDS, Metrics, MetricsError,
};

/// Upper bounds for steps that take microseconds: 5 µs to 0.5 s.
const HANDOVER_SECONDS: &[f64] =
    &[0.000_005, 0.000_02, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 0.5];

#[derive(Clone)]
pub(crate) struct BusMetrics {
    /// `topic`, `outcome` = stored | failed | refused.
    pub(crate) produced: IntCounterVec,
    /// `topic`: from the produce call to the acknowledgement.
    pub(crate) produce_seconds: HistogramVec,
    /// `group`, `topic`, `outcome` = handled | ignored | parked | poison | retried | unavailable.
    pub(crate) consumed: IntCounterVec,
    /// `group`, `topic`: time in the handler, one try.
    pub(crate) handle_seconds: HistogramVec,
    /// `group`, `topic`.
    pub(crate) lag: IntGaugeVec,
    /// `group`.
    pub(crate) parked_keys: IntGaugeVec,
    pub(crate) outbox_depth: IntGaugeVec,
    pub(crate) outbox_oldest_seconds: IntGaugeVec,
    pub(crate) outbox_set_aside: IntGaugeVec,
    /// `relay`.
    pub(crate) shards: IntGaugeVec,
    /// `outcome` = taken | not_owner | full | closed.
    pub(crate) handed_over: IntCounterVec,
    /// From `publish` to the produce call.
    pub(crate) handover_seconds: HistogramVec,
    /// `why` = hole | behind.
    pub(crate) log_reads: IntCounterVec,
    pub(crate) relay_bytes: IntGaugeVec,
    pub(crate) relay_channels: IntGaugeVec,
    pub(crate) relay_in_flight: IntGaugeVec,
    /// `what` = sequence numbers that the log itself does not have.
    pub(crate) relay_missing: IntCounterVec,
}

impl BusMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let counter = |name, help, labels: &[&str]| metrics.counter_vec(name, help, labels);
        let gauge = |name, help, labels: &[&str]| metrics.gauge_vec(name, help, labels);
        let latency =
            |name, help, labels: &[&str]| metrics.histogram_vec(name, help, LATENCY_SECONDS, labels);
        let produced = "Records by outcome: stored, failed, refused by the queue or the topic";
        let produce_seconds = "From the produce call to the broker's acknowledgement";
        let oldest = "Age of the oldest event that is not published yet";
        let set_aside = "Events that can never be published as they are";
        let handed_over = "Committed events by what became of the hand-over";
        let missing = "Sequence numbers that the channel log does not have";
        let (handover, from) = ("log_relay_handover_seconds", "From the hand-over to the produce call");
        Ok(Self {
            produced: counter("kafka_produced_total", produced, &["topic", "outcome"])?,
            produce_seconds: latency("kafka_produce_seconds", produce_seconds, &["topic"])?,
            consumed: counter("kafka_consumed_total", "Records by outcome", &["group", "topic", "outcome"])?,
            handle_seconds: latency("kafka_handle_seconds", "One try of a handler", &["group", "topic"])?,
            lag: gauge("kafka_consumer_lag", "Records that wait", &["group", "topic"])?,
            parked_keys: gauge("kafka_parked_keys", "Keys in the dead-letter topics", &["group"])?,
            outbox_depth: gauge("outbox_depth", "Events that are not published yet", &[])?,
            outbox_oldest_seconds: gauge("outbox_oldest_seconds", oldest, &[])?,
            outbox_set_aside: gauge("outbox_set_aside", set_aside, &[])?,
            shards: gauge("relay_shards", "Shards that this replica owns", &["relay"])?,
            handed_over: counter("log_relay_handed_over_total", handed_over, &["outcome"])?,
            handover_seconds: metrics.histogram_vec(handover, from, HANDOVER_SECONDS, &[])?,
            log_reads: counter("log_relay_log_reads_total", "Reads of the channel log", &["why"])?,
            relay_bytes: gauge("log_relay_bytes", "Payload bytes in the relay's memory", &[])?,
            relay_channels: gauge("log_relay_channels", "Channels in the relay's memory", &[])?,
            relay_in_flight: gauge("log_relay_in_flight", "Records without acknowledgement", &[])?,
            relay_missing: counter("log_relay_missing_total", missing, &[])?,
        })
    }
}
