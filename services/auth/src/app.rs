//! Putting the service together: stores, keys, background tasks, state.

use std::sync::Arc;
use std::time::Duration;

use colink_auth::{JwkSet, RevocationList, TokenIdentity, Verifier};
use colink_bus::outbox::{Relay, RelayConfig};
use colink_http::idempotency::{Idempotency, IdempotencyStore, PostgresIdempotency};
use colink_jobs::{Runner, RunnerConfig};
use colink_runtime::{Boot, Lifecycle, Requirement, StartError};
use colink_secrets::Sealer;
use colink_store::s3::ObjectStore;

use crate::browser::CookieRules;
use crate::config::Config;
use crate::consumers;
use crate::jobs::{self, measure_passwords, read_keys};
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::mail::Mailer;
use crate::metrics::AuthMetrics;
use crate::oidc::Oidc;
use crate::passkeys::{Ceremonies, RelyingParty};
use crate::passwords::Passwords;
use crate::peers::Peers;
use crate::state::State;

/// Connects the stores, starts the tasks and returns the state.
#[expect(clippy::too_many_lines, reason = "a list of what the service is made of, one line each")]
pub(crate) async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
    let metrics = AuthMetrics::new(boot.metrics())?;
    let pool = boot.postgres(&config.postgres).await?;
    let redis = boot.redis(&config.redis).await?;
    let producer = boot.producer(&config.kafka)?;

    // This service knows its own keys, as soon as the key job has read them.
    let verifier = Verifier::with_keys(&config.auth, &JwkSet { keys: Vec::new() }, boot.clock());
    let identity = boot.identity_with(verifier.clone(), &config.auth, &config.internal, Some(&redis))?;
    let revocations = match identity.authenticator.revocations() {
        Some(list) => list.clone(),
        None => RevocationList::new(redis.clone(), boot.metrics())
            .map_err(StartError::setting_up("the revocation list"))?,
    };
    let kept: Arc<dyn IdempotencyStore> = Arc::new(PostgresIdempotency::new(pool.clone()));
    let identify = Arc::new(TokenIdentity(identity.authenticator.clone()));

    let runner = Runner::new(pool.clone(), boot.clock(), boot.metrics(), RunnerConfig::default())
        .map_err(StartError::setting_up("jobs"))?;
    let sealer = Sealer::new(&config.secrets).map_err(StartError::setting_up("sealing"))?;
    let relay = Relay::new(pool.clone(), producer.clone(), RelayConfig::default());
    let state = State {
        clock: boot.clock(),
        pool,
        relay: relay.handle(),
        jobs: runner.handle(),
        mailer: Mailer::new(&config.mail, boot.clock(), metrics.clone())
            .map_err(StartError::setting_up("mail"))?,
        sealer: sealer.clone(),
        passwords: Passwords::new(config.argon2, metrics.hash_seconds())
            .map_err(StartError::setting_up("password hashing"))?,
        password_policy: config.passwords,
        relying_party: RelyingParty::new(&config.passkeys).map_err(StartError::setting_up("passkeys"))?,
        ceremonies: Ceremonies::new(redis.clone()),
        limits: Limits::new(redis, config.limits, config.api_keys.failures_per_ip_per_minute),
        registration: config.registration,
        oidc: Oidc::new(&config.oidc, &config.mail.public_url)
            .map_err(StartError::setting_up("the clients of identity providers"))?,
        keyring: Arc::new(Keyring::new(verifier, sealer)),
        keys: config.keys,
        tokens: config.tokens,
        api_keys: config.api_keys,
        bots: config.bots,
        mfa: Arc::new(config.mfa.clone()),
        cookies: Arc::new(CookieRules::new(
            &config.browser,
            &config.mail.public_url,
            config.tokens.refresh(),
        )),
        issuer: config.auth.issuer.as_str().into(),
        audience: config.auth.audience.as_str().into(),
        leeway: Duration::from_secs(config.auth.leeway_s),
        admin_email: config.admin_email(),
        peers: Peers::new(boot, &config.internal)?,
        objects: boot.s3(&config.s3).await?,
        exports: config.exports,
        revocations,
        idempotency: Idempotency::new(Arc::clone(&kept), identify, boot.clock()),
        idempotency_keys: kept,
        metrics,
    };

    let (keys_loaded, measured) = (boot.require("signing keys"), boot.require("times of password checks"));
    let consumer = consumers::consumer(&state, &config.kafka, &producer, boot.metrics())?;
    let runner = jobs::register(runner, config.keys);
    start(&state, boot.lifecycle(), relay, runner, keys_loaded);
    let life = boot.lifecycle();
    life.spawn("channels events", consumer.run(life.soft()));
    life.spawn("password checks", measure_passwords::run(state.clone(), measured, life.soft()));
    Ok(state)
}

/// Starts what runs beside the requests.
fn start(state: &State, life: &Lifecycle, relay: Relay, runner: Runner<State>, keys_loaded: Requirement) {
    life.spawn("outbox relay", relay.run(life.drained()));
    life.spawn("signing keys", read_keys::run(state.clone(), keys_loaded, life.soft()));
    life.spawn("jobs", runner.run(state.clone(), life.soft()));
}

/// Makes the bucket; repeatable.
///
/// # Errors
/// When the storage is down or refuses.
pub(crate) async fn prepare(config: &Config) -> Result<(), StartError> {
    Ok(ObjectStore::connect(&config.s3).await?.ensure_bucket().await?)
}
