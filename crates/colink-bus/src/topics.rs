//! Creates the topics of the fleet. Only the `migrate` command and tests do this; a running service never does.

use std::time::{Duration, Instant};

use colink_events::TopicSpec;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::client::{Quiet, retire};
use crate::config::KafkaConfig;
use crate::error::BusError;

const PATIENCE: Duration = Duration::from_secs(30);

/// Creates every topic of the fleet that is missing, and waits until all are usable. Safe to run again.
///
/// # Errors
/// [`BusError::TopicShape`] when a topic exists with another number of partitions, [`BusError::Deadline`] after 30 s,
/// [`BusError::Kafka`].
pub async fn ensure_topics(config: &KafkaConfig) -> Result<(), BusError> {
    ensure(config, &colink_events::all_topics(&config.topic_prefix)).await
}

/// Creates the given topics, whose names carry the prefix already.
///
/// # Errors
/// See [`ensure_topics`].
pub async fn ensure(config: &KafkaConfig, specs: &[TopicSpec]) -> Result<(), BusError> {
    let admin: AdminClient<DefaultClientContext> = config.base().create()?;
    let created = create(&admin, config, specs).await;
    retire(admin);
    created?;
    let (config, specs) = (config.clone(), specs.to_vec());
    let checked = tokio::task::spawn_blocking(move || wait_until_usable(&config, &specs)).await;
    checked.unwrap_or(Err(BusError::Closed))
}

async fn create(
    admin: &AdminClient<DefaultClientContext>,
    config: &KafkaConfig,
    specs: &[TopicSpec],
) -> Result<(), BusError> {
    let in_sync = if config.replication >= 3 { "2" } else { "1" };
    let retention: Vec<String> = specs.iter().map(|spec| spec.retention_ms.to_string()).collect();
    let topics: Vec<NewTopic<'_>> = specs
        .iter()
        .zip(&retention)
        .map(|(spec, retention)| {
            NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(config.replication))
                .set("cleanup.policy", "delete")
                .set("retention.ms", retention)
                .set("min.insync.replicas", in_sync)
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    for outcome in admin.create_topics(&topics, &options).await? {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                tracing::error!(topic, %code, "the topic could not be created");
                return Err(BusError::Kafka(KafkaError::AdminOp(code)));
            }
        }
    }
    Ok(())
}

/// A created topic becomes known to its broker a moment later; until then it cannot be produced to.
fn wait_until_usable(config: &KafkaConfig, specs: &[TopicSpec]) -> Result<(), BusError> {
    let client: BaseConsumer<Quiet> = config.base().create_with_context(Quiet)?;
    let started = Instant::now();
    for spec in specs {
        while !usable(&client, spec)? {
            if started.elapsed() > PATIENCE {
                return Err(BusError::Deadline(PATIENCE));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

fn usable(client: &BaseConsumer<Quiet>, spec: &TopicSpec) -> Result<bool, BusError> {
    let metadata = client.fetch_metadata(Some(&spec.name), PATIENCE)?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == spec.name) else {
        return Ok(false);
    };
    let partitions = topic.partitions();
    if topic.error().is_some() || partitions.is_empty() || partitions.iter().any(|one| one.leader() < 0) {
        return Ok(false);
    }
    if i32::try_from(partitions.len()).ok() == Some(spec.partitions) {
        return Ok(true);
    }
    Err(BusError::TopicShape {
        topic: spec.name.clone(),
        found: partitions.len(),
        expected: usize::try_from(spec.partitions).unwrap_or(0),
    })
}
