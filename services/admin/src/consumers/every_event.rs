//! Any event becomes an entry of the log.

use std::borrow::Cow;

use async_trait::async_trait;
use colink_bus::consumer::Record;
use colink_bus::{HandleError, RawHandler};
use colink_events::Envelope;

use crate::domain::entry::{Entry, Place};
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
        let entry = self.entry(record, envelope);
        let is_new = self.log.insert(&entry).await.map_err(AuditError::from)?;
        self.metrics.recorded(&entry, is_new);
        Ok(())
    }

    async fn handle_all(&self, stretch: &[(&Record, Envelope)]) -> Result<(), HandleError> {
        let entries: Vec<_> = stretch.iter().map(|(record, envelope)| self.entry(record, envelope)).collect();
        let repeated = self.log.insert_all(&entries).await.map_err(AuditError::from)?;
        for (place, entry) in entries.iter().enumerate() {
            self.metrics.recorded(entry, !repeated.contains(&place));
        }
        Ok(())
    }
}

impl Recorder {
    fn entry(&self, record: &Record, envelope: &Envelope) -> Entry {
        if !is_known(envelope) {
            self.metrics.unknown(&envelope.kind, envelope.version);
        }
        let topic = Cow::Borrowed(record.topic.name());
        entry_of(envelope, &record.key, Place { topic, partition: record.partition, offset: record.offset })
    }
}
