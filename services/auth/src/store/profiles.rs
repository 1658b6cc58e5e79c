//! What a user tells of himself beside his names: columns of `users`.

use chrono::{DateTime, Utc};
use colink_core::id::{FileId, UserId};
use colink_core::text::DisplayName;
use colink_events::users::UserStatus;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::users::User;

/// The columns.
#[derive(Debug, Clone, Default, FromRow)]
pub(crate) struct ProfileFields {
    pub(crate) bio: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) pronouns: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) locale: Option<String>,
    avatar_file_id: Option<Uuid>,
    status_text: Option<String>,
    status_emoji: Option<String>,
    status_expires_at: Option<DateTime<Utc>>,
}

impl ProfileFields {
    /// The picture's file.
    pub(crate) fn avatar_file(&self) -> Option<FileId> {
        self.avatar_file_id.map(FileId::from_uuid)
    }

    /// Whether a status stands in the row, also one whose time is over.
    pub(crate) fn has_status(&self) -> bool {
        self.status_text.is_some() || self.status_emoji.is_some()
    }

    /// The status, unless its time is over: nobody has to wait for the job that takes it away.
    pub(crate) fn status(&self, now: DateTime<Utc>) -> Option<UserStatus> {
        let over = self.status_expires_at.is_some_and(|end| end <= now);
        if over || !self.has_status() {
            return None;
        }
        let (text, emoji) = (self.status_text.clone(), self.status_emoji.clone());
        Some(UserStatus { text, emoji, expires_at: self.status_expires_at.map(Into::into) })
    }
}

/// The whole profile as it is to be.
#[derive(Debug)]
pub(crate) struct NewProfile {
    pub(crate) display_name: DisplayName,
    pub(crate) bio: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) pronouns: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) avatar: Option<(FileId, String)>,
}

impl NewProfile {
    /// Whether it says what the user's profile says already.
    pub(crate) fn is_of(&self, user: &User) -> bool {
        let old = &user.profile;
        let pairs = [
            (&self.bio, &old.bio),
            (&self.title, &old.title),
            (&self.pronouns, &old.pronouns),
            (&self.time_zone, &old.time_zone),
            (&self.locale, &old.locale),
        ];
        let file = self.avatar.as_ref().map(|(file, _)| *file);
        self.display_name.as_str() == user.display_name
            && file == old.avatar_file()
            && pairs.iter().all(|(new, old)| new == old)
    }
}

/// Replaces the profile; the row must be locked.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: UserId,
    new: &NewProfile,
    now: DateTime<Utc>,
) -> sqlx::Result<User> {
    sqlx::query_as(
        "update users
            set display_name = $2, bio = $3, title = $4, pronouns = $5, time_zone = $6, locale = $7,
                avatar_file_id = $8, avatar_url = $9, version = version + 1, updated_at = $10
          where id = $1
         returning *",
    )
    .bind(id.as_uuid())
    .bind(new.display_name.as_str())
    .bind(&new.bio)
    .bind(&new.title)
    .bind(&new.pronouns)
    .bind(&new.time_zone)
    .bind(&new.locale)
    .bind(new.avatar.as_ref().map(|(file, _)| file.as_uuid()))
    .bind(new.avatar.as_ref().map(|(_, url)| url))
    .bind(now)
    .fetch_one(connection)
    .await
}

/// Sets the status, or takes it away with `None`; the row must be locked.
pub(crate) async fn update_status(
    connection: &mut PgConnection,
    id: UserId,
    status: Option<&UserStatus>,
    now: DateTime<Utc>,
) -> sqlx::Result<User> {
    sqlx::query_as(
        "update users
            set status_text = $2, status_emoji = $3, status_expires_at = $4, version = version + 1, updated_at = $5
          where id = $1
         returning *",
    )
    .bind(id.as_uuid())
    .bind(status.and_then(|status| status.text.as_deref()))
    .bind(status.and_then(|status| status.emoji.as_deref()))
    .bind(status.and_then(|status| status.expires_at).map(|at| at.as_datetime()))
    .bind(now)
    .fetch_one(connection)
    .await
}

/// Takes away up to `limit` statuses whose time is over, and says whose. Rows that somebody is changing are left to the
/// next run.
pub(crate) async fn update_expired_statuses(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<User>> {
    sqlx::query_as(
        "update users
            set status_text = null, status_emoji = null, status_expires_at = null, version = version + 1,
                updated_at = $1
          where id in (
                select id from users
                 where status_expires_at <= $1
                 order by status_expires_at
                 limit $2
                   for update skip locked)
         returning *",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// The file behind the picture with this URL, if it is the user's present one.
pub(crate) async fn find_avatar(
    executor: impl PgExecutor<'_>,
    id: UserId,
    url: &str,
) -> sqlx::Result<Option<FileId>> {
    let file: Option<Uuid> = sqlx::query_scalar(
        "select avatar_file_id from users where id = $1 and avatar_url = $2 and avatar_file_id is not null",
    )
    .bind(id.as_uuid())
    .bind(url)
    .fetch_optional(executor)
    .await?;
    Ok(file.map(FileId::from_uuid))
}
