//! `GET /internal/users/{user_id}/messages?after=`: what a user has written, for the export of his data.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Path, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::state::State;
use crate::store::written::{self, Written};

/// Few enough that a page of the longest messages is an answer that is still read.
const LIMIT: i64 = 100;

/// Behind which message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    after: Option<MessageId>,
}

#[derive(Debug, Serialize)]
struct WrittenView {
    id: MessageId,
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    thread_id: Option<MessageId>,
    content: String,
    file_ids: Vec<FileId>,
    edited_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<Written> for WrittenView {
    fn from(row: Written) -> Self {
        Self {
            id: row.id.into(),
            channel_id: row.channel_id.into(),
            workspace_id: row.workspace_id.into(),
            thread_id: row.thread_id.map(MessageId::from),
            content: row.content,
            file_ids: row.file_ids.into_iter().map(FileId::from).collect(),
            edited_at: row.edited_at.map(Timestamp::from),
            created_at: row.created_at.into(),
        }
    }
}

/// Up to 100 messages, the first written first.
#[derive(Debug, Serialize)]
pub(crate) struct UserMessages {
    messages: Vec<WrittenView>,
    /// Where to go on; none at the end.
    next_after: Option<MessageId>,
}

/// An unknown user has written nothing.
pub(crate) async fn list_user_messages(
    state: Data<State>,
    _: InternalCaller,
    Path(user): Path<UserId>,
    Query(After { after }): Query<After>,
) -> ApiResult<Reply<UserMessages>> {
    let rows = written::list_messages(&state.pool, user, after, LIMIT).await.map_err(Error::from)?;
    let full = i64::try_from(rows.len()).is_ok_and(|found| found == LIMIT);
    let next_after = rows.last().filter(|_| full).map(|last| last.id.into());
    Ok(Reply::ok(UserMessages { messages: rows.into_iter().map(WrittenView::from).collect(), next_after }))
}
