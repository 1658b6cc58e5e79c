//! Where the broker is, and every librdkafka setting of the fleet with the reason for it.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use serde::{Deserialize, Serialize};

/// The `[kafka]` section of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// Bootstrap servers, `host:port` separated by commas.
    pub brokers: String,
    /// Put before every topic name; lets several fleets (and every test) share one cluster.
    #[serde(default)]
    pub topic_prefix: String,
    /// Name of this client in the broker's logs and in `ce_source`; usually the service's name.
    #[serde(default = "default_client_id")]
    pub client_id: String,
    /// Put before every consumer group's name.
    #[serde(default)]
    pub group_prefix: String,
    /// A name of this replica that survives its restart (a StatefulSet's pod name): restarts within the session timeout
    /// then cause no rebalance. Leave it out when the name would not be stable or not be unique.
    #[serde(default)]
    pub instance_id: Option<String>,
    /// Copies the events of the mirrored types to a topic of their own, for outside consumers.
    #[serde(default = "default_mirror")]
    pub mirror: bool,
    /// Replication factor of topics that are created; with 3 or more, `min.insync.replicas` is 2.
    #[serde(default = "default_replication")]
    pub replication: i32,
    /// Speaks TLS to the broker, with the system's certificate authorities.
    #[serde(default)]
    pub tls: bool,
}

fn default_client_id() -> String {
    "colink".to_owned()
}

fn default_mirror() -> bool {
    true
}

fn default_replication() -> i32 {
    1
}

impl KafkaConfig {
    /// A configuration with defaults for everything but the address.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic_prefix: String::new(),
            client_id: default_client_id(),
            group_prefix: String::new(),
            instance_id: None,
            mirror: default_mirror(),
            replication: default_replication(),
            tls: false,
        }
    }

    /// The full name of a topic.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// The full name of a consumer group.
    #[must_use]
    pub fn group(&self, name: &str) -> String {
        format!("{}{name}", self.group_prefix)
    }

    pub(crate) fn base(&self) -> ClientConfig {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("allow.auto.create.topics", "false")
            .set("socket.nagle.disable", "true")
            .set("socket.keepalive.enable", "true")
            // The default grows to 10 s, which would be added to every broker restart.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("log.connection.close", "false")
            .set_log_level(RDKafkaLogLevel::Warning);
        if self.tls {
            settings.set("security.protocol", "ssl");
        }
        settings
    }

    pub(crate) fn producing(&self) -> ClientConfig {
        let mut settings = self.base();
        settings
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A batch is what is there when the connection is free; nothing waits for company.
            .set("linger.ms", "0")
            .set("compression.codec", "lz4")
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.messages", QUEUE_MESSAGES.to_string())
            .set("queue.buffering.max.kbytes", "32768")
            // For ever: a message that timed out may be stored all the same, and sending it again after its successors
            // would break the order. The queue above bounds the memory, and callers bound their own patience.
            .set("message.timeout.ms", "0");
        settings
    }

    pub(crate) fn reading(&self, group: &str) -> ClientConfig {
        let mut settings = self.base();
        settings
            .set("group.id", group)
            // The default stores an offset before its message is handled.
            .set("enable.auto.offset.store", "false")
            // The default skips what was published before a new group's first start.
            .set("auto.offset.reset", "earliest")
            // The defaults stall a partition for 0.5 to 1 s.
            .set("fetch.error.backoff.ms", "50")
            .set("fetch.queue.backoff.ms", "50")
            // The broker answers at once when there is something, and so often when there is nothing.
            .set("fetch.wait.max.ms", "500")
            // The defaults prefetch 100,000 messages and 64 MiB.
            .set("queued.min.messages", "1000")
            .set("queued.max.messages.kbytes", "16384")
            .set("statistics.interval.ms", "5000");
        settings
    }

    pub(crate) fn consuming(&self, group: &str) -> ClientConfig {
        let mut settings = self.reading(&self.group(group));
        settings
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "15000")
            .set("max.poll.interval.ms", "60000");
        if let Some(instance) = &self.instance_id {
            settings.set("group.instance.id", format!("{}-{instance}", self.group(group)));
        }
        settings
    }

    /// For a reader that assigns its own partitions: the group is only a name, it is never joined and nothing is committed.
    pub(crate) fn following(&self, purpose: &str) -> ClientConfig {
        let mut settings = self.reading(&self.group(&format!("{}-{purpose}", self.client_id)));
        settings.set("enable.auto.commit", "false");
        settings
    }
}

/// Messages that librdkafka keeps at most until they are acknowledged.
pub(crate) const QUEUE_MESSAGES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_with_only_brokers_gets_the_documented_defaults() {
        let config: KafkaConfig = serde_json::from_str(r#"{"brokers":"a:1,b:2"}"#).unwrap();
        assert_eq!(config, KafkaConfig::new("a:1,b:2"));
        assert!(config.mirror);
        assert_eq!(config.replication, 1);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let refused = serde_json::from_str::<KafkaConfig>(r#"{"brokers":"a","broker":"b"}"#).unwrap_err();
        assert!(refused.to_string().contains("broker"), "{refused}");
    }

    #[test]
    fn prefixes_reach_topics_groups_and_static_members() {
        let mut config = KafkaConfig::new("a:1");
        config.topic_prefix = "t1.".to_owned();
        config.group_prefix = "g1.".to_owned();
        config.instance_id = Some("pod-0".to_owned());
        assert_eq!(config.topic("colink.users"), "t1.colink.users");
        let settings = config.consuming("audit");
        assert_eq!(settings.get("group.id"), Some("g1.audit"));
        assert_eq!(settings.get("group.instance.id"), Some("g1.audit-pod-0"));
    }

    #[test]
    fn librdkafka_accepts_every_setting() {
        let config = KafkaConfig::new("127.0.0.1:1");
        for settings in [config.producing(), config.consuming("g"), config.following("tail")] {
            settings.create_native_config().unwrap();
        }
    }
}
