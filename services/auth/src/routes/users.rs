//! Profiles.

pub(crate) mod avatar;
pub(crate) mod clear_status;
pub(crate) mod deactivate;
pub(crate) mod erase;
pub(crate) mod list_exports;
pub(crate) mod patch;
pub(crate) mod profile;
pub(crate) mod reactivate;
pub(crate) mod request_export;
pub(crate) mod set_realm_roles;
pub(crate) mod set_status;
pub(crate) mod show;
pub(crate) mod show_export;
pub(crate) mod update;

use actix_web::web::{ServiceConfig, resource};
use chrono::{DateTime, Utc};
use colink_core::id::{ExportId, UserId};
use colink_core::time::Timestamp;
use colink_events::users::UserStatus;
use colink_http::Reply;
use colink_http::etag::of_version;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::Export;
use crate::store::users::{self, User};

/// What the archive of an export is saved as.
const FILENAME: &str = "colink-export.zip";

/// What a user says he is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    #[schema(example = "In a meeting")]
    text: Option<String>,
    #[schema(example = "📅")]
    emoji: Option<String>,
    /// When it ends by itself.
    expires_at: Option<Timestamp>,
}

impl From<UserStatus> for StatusView {
    fn from(UserStatus { text, emoji, expires_at }: UserStatus) -> Self {
        Self { text, emoji, expires_at }
    }
}

/// A user as he sees himself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    id: UserId,
    /// None for a bot.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "Ada Lovelace")]
    display_name: String,
    /// Where his picture is, relative to the origin of the API; another one with each new picture.
    #[schema(example = "/api/users/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a/avatar?v=9f86d081884c7d65")]
    avatar_url: Option<String>,
    #[schema(example = "Writes the first programs.")]
    bio: Option<String>,
    #[schema(example = "Analyst")]
    title: Option<String>,
    #[schema(example = "she/her")]
    pronouns: Option<String>,
    /// A name of the IANA database.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
    /// A language tag (BCP 47).
    #[schema(example = "en-GB")]
    locale: Option<String>,
    status: Option<StatusView>,
    /// Whether the address is proven; always true for who is signed in.
    email_verified: bool,
    /// Roles in the whole installation.
    #[schema(example = json!(["user"]))]
    realm_roles: Vec<String>,
    created_at: Timestamp,
}

impl Profile {
    pub(crate) fn of(user: &User, now: DateTime<Utc>) -> Self {
        let shown = &user.profile;
        Self {
            id: user.id(),
            email: user.email_normalised.clone(),
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            avatar_url: user.avatar_url.clone(),
            bio: shown.bio.clone(),
            title: shown.title.clone(),
            pronouns: shown.pronouns.clone(),
            time_zone: shown.time_zone.clone(),
            locale: shown.locale.clone(),
            status: shown.status(now).map(StatusView::from),
            email_verified: user.email_verified_at.is_some(),
            realm_roles: user.realm_roles.clone(),
            created_at: user.created_at.into(),
        }
    }

    pub(crate) fn reply(user: &User, now: DateTime<Utc>) -> Reply<Self> {
        Reply::ok(Self::of(user, now)).with_etag(of_version(user.version))
    }
}

/// The user of a token.
///
/// # Errors
/// [`AuthError::UserGone`].
pub(crate) async fn load(state: &State, user_id: UserId) -> Result<User, AuthError> {
    users::lookup(&state.pool, user_id).await?.filter(User::is_open).ok_or(AuthError::UserGone)
}

/// The same, locked until the transaction ends. A token may outlive its account by a moment: it changes nothing any more.
///
/// # Errors
/// [`AuthError::UserGone`].
pub(crate) async fn lock(transaction: &mut PgConnection, user_id: UserId) -> Result<User, AuthError> {
    users::lock(transaction, user_id).await?.filter(User::is_open).ok_or(AuthError::UserGone)
}

/// An export of one's data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportView {
    export_id: ExportId,
    /// `preparing`, `ready` or `failed`.
    #[schema(example = "ready")]
    status: String,
    /// Fetch the archive here, within minutes; ask again for another link. Only in the answer about one export that is ready.
    download_url: Option<String>,
    created_at: Timestamp,
    /// The archive is deleted then.
    expires_at: Timestamp,
}

impl ExportView {
    /// Without a link to the archive.
    fn of(export: &Export) -> Self {
        Self {
            export_id: export.id(),
            status: export.status.clone(),
            download_url: None,
            created_at: export.created_at.into(),
            expires_at: export.expires_at.into(),
        }
    }
}

/// Whoever has it reads everything that is kept of the user: it takes a fresh proof.
async fn link(state: &State, export: &Export) -> Result<String, AuthError> {
    let (key, holds) = (&export.object_key, state.exports.link());
    Ok(state.objects.presign_get(key, FILENAME, "application/zip", holds).await?)
}

/// The URL table.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(
        resource("/users/me")
            .get(profile::get_profile)
            .put(update::update_profile)
            .patch(patch::patch_profile)
            .wrap(once()),
    )
    .service(
        resource("/users/me/status")
            .post(set_status::set_status)
            .delete(clear_status::clear_status)
            .wrap(once()),
    )
    .service(resource("/users/me/deactivate").post(deactivate::deactivate_account).wrap(once()))
    .service(resource("/users/me/export").post(request_export::request_export).wrap(once()))
    .service(resource("/users/me/exports").get(list_exports::list_exports))
    .service(resource("/users/me/exports/{export_id}").get(show_export::get_export))
    // Not wrapped: after it there is nobody whose answer could be kept.
    .service(resource("/users/me/erase").post(erase::erase_account))
    .service(resource("/auth/users/{user_id}/reactivate").post(reactivate::reactivate_account).wrap(once()))
    .service(resource("/auth/users/{user_id}/realm-roles").put(set_realm_roles::set_realm_roles).wrap(once()))
    .service(resource("/users/{user_id}").get(show::get_user))
    .service(resource("/users/{user_id}/avatar").get(avatar::get_avatar));
}
