//! Whether the broker answers.

use std::sync::Arc;
use std::time::Duration;

use colink_events::Topic;
use rdkafka::producer::Producer as _;

use super::Producer;
use crate::error::BusError;

impl Producer {
    /// Asks the broker for its metadata, for a readiness check. Callers at the same time ask one after the other.
    ///
    /// # Errors
    /// [`BusError::Deadline`] or [`BusError::Kafka`].
    pub async fn ping(&self, deadline: Duration) -> Result<(), BusError> {
        tokio::time::timeout(deadline, self.ask(deadline)).await.unwrap_or(Err(BusError::Deadline(deadline)))
    }

    async fn ask(&self, deadline: Duration) -> Result<(), BusError> {
        let Ok(alone) = Arc::clone(&self.inner.ping).acquire_owned().await else {
            return Err(BusError::Closed);
        };
        let producer = self.clone();
        // librdkafka blocks the thread, also after nobody waits for the answer any more.
        let asked = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            let client = producer.inner.client.as_ref().ok_or(BusError::Closed)?;
            let topic = producer.topic(Topic::ALL[0].name());
            client.client().fetch_metadata(Some(&topic), deadline)?;
            Ok(())
        });
        asked.await.unwrap_or(Err(BusError::Closed))
    }
}
