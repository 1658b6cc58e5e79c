//! API keys. A bot's are under its own path, see [`super::bots`]; requests, answers and work are the same.
//!
//! Requests that are answered with a secret are not wrapped in idempotency: what it keeps is the answer, which must not
//! hold one. A repeated creation is a second key, a repeated rotation is refused while the first goes on.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod token;

use std::collections::HashMap;
use std::time::Duration;

use actix_web::web::{ServiceConfig, resource};
use chrono::NaiveDate;
use colink_auth::ApiKey as Key;
use colink_core::error::{FieldError, Invalid};
use colink_core::id::{ApiKeyId, UserId};
use colink_core::page::CursorPage;
use colink_core::permission::{Scope, Scopes};
use colink_core::text::one_line;
use colink_core::time::Timestamp;
use colink_http::ApiResult;
use colink_http::validate::{all, each, field, require};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::api_keys::{Made, Replacement, Wish};
use crate::config::api_keys::ApiKeysConfig;
use crate::error::AuthError;
use crate::state::State;
use crate::store::api_key_secrets::{self, Secret};
use crate::store::api_keys::{self, ApiKey};

const NAME_MAX: usize = 80;
const DAY: Duration = Duration::from_secs(86_400);

/// The key that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateApiKey)]
pub(crate) struct NewKey {
    /// What it is for, for whoever reads the list.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "deploy notices")]
    name: String,
    /// What it may be used for.
    #[serde(default)]
    #[schema(min_items = 1, example = json!(["messages:write", "channels:read"]))]
    scopes: Vec<String>,
    /// Its life in days; null for one without an end, where that is allowed. Left out: 90.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 365, example = 90)]
    expires_in_days: Option<Option<u32>>,
}

/// Tells null from a field that is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl NewKey {
    /// The checked wish. `realm_admin` says whether its holder is one: nobody else has [`Scope::Admin`] to give.
    pub(super) fn check(self, rules: ApiKeysConfig, realm_admin: bool) -> ApiResult<Wish> {
        let scopes = self.scopes();
        let unfit = scopes.as_ref().is_ok_and(|scopes| scopes.contains(Scope::Admin)) && !realm_admin;
        let (name, scopes, lifetime, ()) = all((
            field("name", one_line(&self.name, 1..=NAME_MAX)),
            scopes,
            field("expires_in_days", lifetime(self.expires_in_days, rules)),
            require("scopes", !unfit, "may hold `admin:*` for a realm admin only"),
        ))?;
        Ok(Wish { name, scopes, lifetime })
    }

    fn scopes(&self) -> Result<Scopes, FieldError> {
        require("scopes", !self.scopes.is_empty(), "is required")?;
        let scopes = each("scopes", &self.scopes, |word| word.parse::<Scope>())?;
        Ok(scopes.into_iter().collect())
    }
}

fn lifetime(days: Option<Option<u32>>, rules: ApiKeysConfig) -> Result<Option<Duration>, Invalid> {
    match days {
        None => Ok(Some(DAY * rules.default_days)),
        Some(None) if rules.allow_endless => Ok(None),
        Some(None) => Err(Invalid::new("must not be null: keys without an end are not allowed here")),
        Some(Some(days)) if (1..=rules.max_days).contains(&days) => Ok(Some(DAY * days)),
        Some(Some(_)) => Err(Invalid::new(format!("must be 1 to {}", rules.max_days))),
    }
}

/// How a key is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateApiKey)]
pub(crate) struct Rotation {
    /// For how long the secret before it goes on, in seconds, at most 7 days. 0 ends every earlier one at once.
    #[schema(value_type = u32, minimum = 0, maximum = 604_800, example = 86_400)]
    overlap_s: Option<u32>,
    /// The key's life in days, counted from now; null for one without an end, where that is allowed. Left out, the key
    /// ends when it did.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 365, example = 90)]
    expires_in_days: Option<Option<u32>>,
}

impl Rotation {
    pub(super) fn check(self, rules: ApiKeysConfig) -> ApiResult<Replacement> {
        let overlap = match self.overlap_s {
            None => Err(Invalid::required()),
            Some(seconds) if seconds > rules.overlap_max_s => {
                Err(Invalid::new(format!("must be 0 to {}", rules.overlap_max_s)))
            }
            Some(seconds) => Ok(Duration::from_secs(seconds.into())),
        };
        let renewed = self.expires_in_days.map(|days| lifetime(Some(days), rules)).transpose();
        let (overlap, lifetime) = all((field("overlap_s", overlap), field("expires_in_days", renewed)))?;
        Ok(Replacement { overlap, lifetime })
    }
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct View {
    id: ApiKeyId,
    #[schema(example = "deploy notices")]
    name: String,
    #[schema(example = json!(["messages:write", "channels:read"]))]
    scopes: Vec<String>,
    /// Its secrets, the newest first: one, and while it is replaced the one before.
    secrets: Vec<SecretView>,
    created_at: Timestamp,
    /// None for a key without an end.
    expires_at: Option<Timestamp>,
    /// The day of its last use, in UTC.
    #[schema(value_type = Option<String>, format = Date, example = "2026-01-31")]
    last_used_on: Option<NaiveDate>,
}

/// A secret, as far as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeySecret)]
pub(crate) struct SecretView {
    /// How the key begins.
    #[schema(example = "clk_01aY8bCdEfGhIjKlMnOpQr")]
    prefix: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// When it was replaced; it goes on until `expires_at`.
    superseded_at: Option<Timestamp>,
}

/// A key that was just made or replaced.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedApiKey)]
pub(crate) struct Shown {
    #[serde(flatten)]
    view: View,
    /// The key itself. It is not shown again.
    #[schema(example = "clk_01aY8bCdEfGhIjKlMnOpQr_mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE_3aF9zQ")]
    key: String,
}

impl View {
    fn of(row: ApiKey, secrets: Vec<SecretView>) -> Self {
        Self {
            id: row.id(),
            name: row.name,
            scopes: row.scopes,
            secrets,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.map(Into::into),
            last_used_on: row.last_used_on,
        }
    }
}

impl From<&Secret> for SecretView {
    fn from(secret: &Secret) -> Self {
        Self {
            prefix: Key::prefix(secret.id()),
            created_at: secret.created_at.into(),
            expires_at: secret.expires_at.map(Into::into),
            superseded_at: secret.superseded_at.map(Into::into),
        }
    }
}

/// The keys of a user, newest first.
pub(super) async fn page(state: &State, holder: UserId) -> Result<CursorPage<View>, AuthError> {
    let now = state.clock.now();
    let keys = api_keys::list(&state.pool, holder, now).await?;
    let ids: Vec<ApiKeyId> = keys.iter().map(ApiKey::id).collect();
    let mut secrets: HashMap<ApiKeyId, Vec<SecretView>> = HashMap::new();
    for secret in api_key_secrets::list(&state.pool, &ids, now).await? {
        secrets.entry(secret.api_key_id()).or_default().push(SecretView::from(&secret));
    }
    let items = keys.into_iter().map(|key| {
        let secrets = secrets.remove(&key.id()).unwrap_or_default();
        View::of(key, secrets)
    });
    Ok(CursorPage { items: items.collect(), next_cursor: None })
}

/// The answer that holds the key.
pub(super) async fn shown(state: &State, made: Made) -> Result<Shown, AuthError> {
    let id = made.row.id();
    let secrets = api_key_secrets::list(&state.pool, &[id], state.clock.now()).await?;
    let secrets = secrets.iter().map(SecretView::from).collect();
    Ok(Shown { view: View::of(made.row, secrets), key: made.key.reveal() })
}

/// The paths. The one word comes before the one with any id.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/api-keys").get(list::list_api_keys).post(create::create_api_key))
        .service(resource("/auth/api-keys/token").post(token::issue_api_key_token))
        .service(resource("/auth/api-keys/{api_key_id}").delete(revoke::revoke_api_key).wrap(once()))
        .service(resource("/auth/api-keys/{api_key_id}/rotate").post(rotate::rotate_api_key));
}
