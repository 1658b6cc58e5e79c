//! `file.uploaded`: a file can be found.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_events::Envelope;
use colink_events::files::FileUploaded;

use crate::consumers::Index;
use crate::store::files;

#[async_trait]
impl Handler<FileUploaded> for Index {
    async fn handle(&self, event: FileUploaded, envelope: &Envelope) -> Result<(), HandleError> {
        self.done(envelope, files::insert(&self.state.pool, &event.file).await)
    }
}
