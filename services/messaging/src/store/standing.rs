//! What a user is with regard to a channel, from the projections.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::{Scopes, Standing};
use sqlx::PgPool;
use uuid::Uuid;

/// A channel as one user stands to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) standing: Standing,
    /// The workspace is closed to sessions that were not proven by a second factor.
    pub(crate) require_mfa: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    workspace_id: Uuid,
    kind: String,
    archived: bool,
    workspace_role: Option<String>,
    channel_role: Option<String>,
    require_mfa: bool,
}

/// The channel and the user's standing in it; `realm_admin` and `scopes` are passed through. None when the channel is not known here.
pub(crate) async fn lookup(
    pool: &PgPool,
    channel_id: ChannelId,
    user_id: UserId,
    realm_admin: bool,
    scopes: Scopes,
) -> Result<Option<Seen>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select h.workspace_id, h.kind, h.archived, w.role as workspace_role, m.role as channel_role,
                coalesce(x.require_mfa, false) as require_mfa
         from channel_heads h
         left join workspaces x on x.workspace_id = h.workspace_id
         left join workspace_members w on w.workspace_id = h.workspace_id and w.user_id = $2 and w.active
         left join channel_members m on m.channel_id = h.channel_id and m.user_id = $2 and m.active
         where h.channel_id = $1",
    )
    .bind(channel_id.as_uuid())
    .bind(user_id.as_uuid())
    .fetch_optional(pool)
    .await?;
    row.map(|row| row.seen(realm_admin, scopes)).transpose()
}

impl Row {
    fn seen(self, realm_admin: bool, scopes: Scopes) -> Result<Seen, sqlx::Error> {
        Ok(Seen {
            workspace_id: self.workspace_id.into(),
            require_mfa: self.require_mfa,
            standing: Standing {
                realm_admin,
                workspace: self.workspace_role.map(word).transpose()?,
                channel: self.channel_role.map(word).transpose()?,
                kind: word(self.kind)?,
                archived: self.archived,
                scopes,
            },
        })
    }
}

/// A role or kind; the table's checks admit no other words.
fn word<T: std::str::FromStr<Err = colink_core::error::Invalid>>(text: String) -> Result<T, sqlx::Error> {
    text.parse().map_err(|error: colink_core::error::Invalid| sqlx::Error::Decode(error.into()))
}
