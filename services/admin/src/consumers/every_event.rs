//! Any event becomes an entry of the log.

use std::borrow::Cow;

use async_trait::async_trait;
use colink_bus::consumer::Record;
use colink_bus::{HandleError, RawHandler};
use colink_events::Envelope;

use crate::domain::entry::Place;
use crate::domain::mapping::{entry_of, is_known};
use crate::error::AuditError;
use crate::metrics::AdminMetrics;
use crate::store::audit_log::AuditLog;

/// Writes the log.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) log: AuditLog,
    pub(super) metrics: AdminMetrics,
}

#[async_trait]
impl RawHandler for Recorder {
    async fn handle(&self, record: &Record, envelope: &Envelope) -> Result<(), HandleError> {
        let topic = Cow::Borrowed(record.topic.name());
        let place = Place { topic, partition: record.partition, offset: record.offset };
        let entry = entry_of(envelope, &record.key, place);
        if !is_known(envelope) {
            self.metrics.unknown(&envelope.kind, envelope.version);
        }
        let is_new = self.log.insert(&entry).await.map_err(AuditError::from)?;
        self.metrics.recorded(&entry, is_new);
        Ok(())
    }
}
