//! What handlers and jobs share.

use std::sync::Arc;
use std::time::Duration;

use colink_auth::RevocationList;
use colink_bus::outbox::{self, RelayHandle};
use colink_core::clock::SharedClock;
use colink_core::text::Email;
use colink_events::{Cause, Event};
use colink_http::idempotency::{Idempotency, IdempotencyStore, mark_done};
use colink_jobs::WakeHandle;
use colink_secrets::Sealer;
use colink_store::s3::ObjectStore;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::browser::CookieRules;
use crate::config::api_keys::{ApiKeysConfig, BotsConfig};
use crate::config::{ExportsConfig, KeysConfig, MfaConfig, RegistrationConfig, TokensConfig};
use crate::domain::password::PasswordPolicy;
use crate::error::AuthError;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::mail::Mailer;
use crate::metrics::AuthMetrics;
use crate::oidc::Oidc;
use crate::passkeys::{Ceremonies, RelyingParty};
use crate::passwords::Passwords;
use crate::peers::Peers;

/// The state of the service. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct State {
    pub(crate) clock: SharedClock,
    pub(crate) pool: PgPool,
    pub(crate) relay: RelayHandle,
    /// Wakes the runner of this process after a commit that queued a job.
    pub(crate) jobs: WakeHandle,
    pub(crate) mailer: Mailer,
    /// For everything stored that must be read again.
    pub(crate) sealer: Sealer,
    pub(crate) passwords: Passwords,
    pub(crate) password_policy: PasswordPolicy,
    pub(crate) registration: RegistrationConfig,
    pub(crate) limits: Limits,
    /// Sign-in through other identity providers.
    pub(crate) oidc: Oidc,
    pub(crate) relying_party: RelyingParty,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) keys: KeysConfig,
    pub(crate) tokens: TokensConfig,
    pub(crate) api_keys: ApiKeysConfig,
    pub(crate) bots: BotsConfig,
    pub(crate) cookies: Arc<CookieRules>,
    pub(crate) mfa: Arc<MfaConfig>,
    pub(crate) issuer: Arc<str>,
    pub(crate) audience: Arc<str>,
    /// How much longer than its life verifiers take a token.
    pub(crate) leeway: Duration,
    pub(crate) admin_email: Option<Email>,
    pub(crate) peers: Peers,
    /// Archives of exports.
    pub(crate) objects: ObjectStore,
    pub(crate) exports: ExportsConfig,
    pub(crate) revocations: RevocationList,
    pub(crate) idempotency: Idempotency,
    /// What `idempotency` keeps, for the clean-up.
    pub(crate) idempotency_keys: Arc<dyn IdempotencyStore>,
    pub(crate) metrics: AuthMetrics,
}

impl State {
    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, AuthError> {
        Ok(self.pool.begin().await?)
    }

    /// Records an event in the transaction of what it tells.
    pub(crate) async fn emit<E: Event>(
        &self,
        transaction: &mut PgConnection,
        event: &E,
        cause: &Cause,
    ) -> Result<(), AuthError> {
        outbox::enqueue(transaction, event, cause, self.clock.as_ref()).await?;
        Ok(())
    }

    /// Commits, and tells the relay and the runner that there may be events and jobs.
    pub(crate) async fn commit(
        &self,
        mut transaction: Transaction<'static, Postgres>,
    ) -> Result<(), AuthError> {
        mark_done(&mut transaction).await?;
        transaction.commit().await?;
        self.relay.wake();
        self.jobs.wake();
        Ok(())
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
