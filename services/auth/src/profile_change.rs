//! Changing one's profile: `PUT` and `PATCH` are the same partial update.

use colink_auth::Caller;
use colink_core::error::FieldError;
use colink_core::id::FileId;
use colink_core::text::DisplayName;
use colink_events::users::UserUpdated;
use colink_http::etag::{IfMatch, of_version};
use colink_http::validate::{all, optional};
use colink_http::{ApiError, ApiResult, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::profile::{self, Edit, avatar_url};
use crate::error::AuthError;
use crate::routes::users::{Profile, lock};
use crate::state::State;
use crate::store::profiles::{self, NewProfile};
use crate::store::users::User;

/// What changes; what is left out stays, what is null or an empty text is taken away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateProfile)]
pub(crate) struct Changes {
    #[schema(value_type = Option<DisplayName>)]
    display_name: Option<String>,
    /// Some lines about oneself.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    bio: Edit<String>,
    /// What one does.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 80)]
    title: Edit<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    pronouns: Edit<String>,
    /// A name of the IANA time zone database.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    time_zone: Edit<String>,
    /// A language tag (BCP 47).
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 35)]
    locale: Edit<String>,
    /// An image of one's own that is uploaded and confirmed, of at most 5 MiB.
    #[serde(default)]
    #[schema(value_type = Option<FileId>)]
    avatar_file_id: Edit<String>,
}

struct Checked {
    display_name: Option<DisplayName>,
    bio: Edit<String>,
    title: Edit<String>,
    pronouns: Edit<String>,
    time_zone: Edit<String>,
    locale: Edit<String>,
    avatar_file: Edit<FileId>,
}

impl Changes {
    fn check(self) -> ApiResult<Checked> {
        let (display_name, bio, title, pronouns, time_zone, locale, avatar_file) = all((
            optional("display_name", self.display_name, |name| DisplayName::parse(&name)),
            self.bio.checked("bio", profile::bio),
            self.title.checked("title", profile::title),
            self.pronouns.checked("pronouns", profile::pronouns),
            self.time_zone.checked("time_zone", profile::time_zone),
            self.locale.checked("locale", profile::locale),
            self.avatar_file_id.checked("avatar_file_id", str::parse),
        ))?;
        Ok(Checked { display_name, bio, title, pronouns, time_zone, locale, avatar_file })
    }
}

/// Applies the changes to the caller's own profile.
pub(crate) async fn change(
    state: &State,
    caller: &Caller,
    expected: &IfMatch,
    changes: Changes,
) -> ApiResult<Reply<Profile>> {
    let checked = changes.check()?;
    if let Edit::Set(file) = checked.avatar_file {
        claim(state, caller, file).await?;
    }
    let mut transaction = state.begin().await?;
    let user = lock(&mut transaction, caller.user_id()).await?;
    let now = state.clock.now();
    expected.check(&of_version(user.version))?;
    let Some(new) = changed(&user, checked) else { return Ok(Profile::reply(&user, now)) };
    let user = profiles::update(&mut transaction, user.id(), &new, now).await.map_err(AuthError::from)?;
    let event = UserUpdated(user.payload(now.into()));
    state.emit(&mut transaction, &event, &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Profile::reply(&user, now))
}

/// Before the transaction, because it asks another service. A claim whose change then fails does no harm.
async fn claim(state: &State, caller: &Caller, file: FileId) -> ApiResult<()> {
    if state.peers.claim_avatar(caller.user_id(), file).await? {
        return Ok(());
    }
    let reason = "must be an image of yours that is uploaded and confirmed, of at most 5 MiB";
    Err(ApiError::validation(vec![FieldError::new("avatar_file_id", reason)]))
}

/// The profile with the changes; `None` when they change nothing.
fn changed(user: &User, checked: Checked) -> Option<NewProfile> {
    let old = user.profile.clone();
    let display_name = checked.display_name.or_else(|| DisplayName::parse(&user.display_name).ok())?;
    let present = old.avatar_file().zip(user.avatar_url.clone());
    let avatar = match checked.avatar_file {
        Edit::Keep => present,
        Edit::Clear => None,
        Edit::Set(file) => match present {
            Some((same, url)) if same == file => Some((same, url)),
            _ => Some((file, avatar_url(user.id(), &hex::encode(rand::random::<[u8; 16]>())))),
        },
    };
    let new = NewProfile {
        display_name,
        bio: checked.bio.apply(old.bio),
        title: checked.title.apply(old.title),
        pronouns: checked.pronouns.apply(old.pronouns),
        time_zone: checked.time_zone.apply(old.time_zone),
        locale: checked.locale.apply(old.locale),
        avatar,
    };
    (!new.is_of(user)).then_some(new)
}
