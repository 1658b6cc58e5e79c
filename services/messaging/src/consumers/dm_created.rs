//! `dm.created`: a direct conversation can be posted to.
//!
//! The event carries no versions, so it only makes rows that are missing; `channel_member.*` keep them.

use async_trait::async_trait;
use colink_bus::{HandleError, Handler};
use colink_core::role::{ChannelKind, ChannelRole};
use colink_events::Envelope;
use colink_events::channels::DmCreated;

use crate::consumers::Projections;
use crate::store::projections::{self, Channel, ChannelSeat};

#[async_trait]
impl Handler<DmCreated> for Projections {
    async fn handle(&self, event: DmCreated, _: &Envelope) -> Result<(), HandleError> {
        let mut tx = self.pool.begin().await?;
        let channel = Channel {
            channel_id: event.channel_id,
            workspace_id: event.workspace_id,
            kind: ChannelKind::Dm,
            archived: false,
            version: 0,
        };
        projections::upsert_channel(&mut tx, channel).await?;
        for user_id in event.participant_ids {
            let seat = ChannelSeat {
                channel_id: event.channel_id,
                user_id,
                role: Some(ChannelRole::Member),
                version: 0,
                since: None,
            };
            projections::upsert_channel_seat(&mut tx, seat).await?;
        }
        Ok(tx.commit().await?)
    }
}
