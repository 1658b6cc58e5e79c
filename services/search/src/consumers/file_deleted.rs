//! `file.deleted`: a file is found no more.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::files::FileDeleted;

use crate::consumers::Index;
use crate::store::files;

#[async_trait]
impl Handler<FileDeleted> for Index {
    async fn handle(&self, event: FileDeleted, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, files::bury(&self.state.pool, &event).await)
    }
}
