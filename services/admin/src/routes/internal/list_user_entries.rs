//! `GET /internal/users/{user_id}/audit-log?after=`: what a user has done and from where, for the export of his data.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_core::page::Cursor;
use colink_http::{ApiError, ApiResult, Path, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::domain::search::Position;
use crate::error::AuditError;
use crate::routes::audit_log::AuditEntry;
use crate::state::State;

const LIMIT: i64 = 500;

/// Behind which entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    after: Option<Cursor>,
}

/// Up to 500 entries, the first one first.
#[derive(Debug, Serialize)]
pub(crate) struct UserEntries {
    entries: Vec<AuditEntry>,
    /// Where to go on; none at the end.
    next_after: Option<Cursor>,
}

/// An unknown user has done nothing.
pub(crate) async fn list_user_entries(
    state: Data<State>,
    _: InternalCaller,
    Path(user): Path<UserId>,
    Query(After { after }): Query<After>,
) -> ApiResult<Reply<UserEntries>> {
    let after = after.map(|cursor| cursor.decode::<Position>()).transpose();
    let after = after.map_err(|reason| ApiError::invalid("after", reason))?;
    let entries = state.log.list_of_actor(user, after, LIMIT).await.map_err(AuditError::from)?;
    let full = i64::try_from(entries.len()).is_ok_and(|found| found == LIMIT);
    let last = entries.last().filter(|_| full);
    let next_after = last.map(|entry| Cursor::encode(&Position::of(entry))).transpose()?;
    Ok(Reply::ok(UserEntries { entries: entries.into_iter().map(AuditEntry::from).collect(), next_after }))
}
