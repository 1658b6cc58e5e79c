//! What auth counts. A log line that belongs to a count leaves from here with it, so the two cannot drift.
//! No line holds an address, a password or a token.

use std::error::Error;
use std::time::Duration;

use colink_core::id::{PasskeyId, SessionId, UserId};
use colink_telemetry::metrics::{
    Histogram, IntCounter, IntCounterVec, IntGauge, LATENCY_SECONDS, Metrics, MetricsError,
};

use crate::mail::Position;
use crate::oidc::ExchangeError;
use crate::oidc::provider::Provider;

/// The metrics of this process.
#[derive(Debug, Clone)]
pub(crate) struct AuthMetrics {
    registrations: IntCounterVec,
    logins: IntCounterVec,
    provider_failures: IntCounterVec,
    refreshes: IntCounterVec,
    revocations: IntCounterVec,
    deny_list_failures: IntCounter,
    mails: IntCounterVec,
    mail_circuit: IntGauge,
    hash_seconds: Histogram,
    password_floor: IntGauge,
    rotations: IntCounter,
    api_key_exchanges: IntCounterVec,
    password_changes: IntCounterVec,
}

impl AuthMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        let outcome = &["outcome"];
        Ok(Self {
            registrations: metrics.counter_vec(
                "auth_registrations_total",
                "Registrations by outcome",
                outcome,
            )?,
            logins: metrics.counter_vec("auth_logins_total", "Login attempts by outcome", outcome)?,
            provider_failures: metrics.counter_vec(
                "auth_provider_failures_total",
                "Sign-ins that failed at an identity provider",
                &["kind", "outcome"],
            )?,
            refreshes: metrics.counter_vec(
                "auth_refreshes_total",
                "Uses of refresh tokens by outcome",
                outcome,
            )?,
            revocations: metrics.counter_vec(
                "auth_sessions_revoked_total",
                "Ended sessions by reason",
                &["reason"],
            )?,
            deny_list_failures: metrics
                .counter("auth_deny_list_failures_total", "Revocations that did not reach Redis")?,
            mails: metrics.counter_vec(
                "auth_mails_total",
                "Attempts to send a mail",
                &["template", "outcome"],
            )?,
            mail_circuit: metrics.gauge(
                "auth_mail_circuit",
                "The circuit before the mail server: 0 closed, 1 half-open, 2 open",
            )?,
            hash_seconds: metrics.histogram(
                "auth_password_hash_seconds",
                "Time of one password hash, without the wait for a turn",
                LATENCY_SECONDS,
            )?,
            password_floor: metrics.gauge(
                "auth_password_floor_milliseconds",
                "Shortest time of a refused password; 0 while all hashes are of one cost",
            )?,
            api_key_exchanges: metrics.counter_vec(
                "auth_api_key_exchanges_total",
                "API keys presented, by outcome",
                outcome,
            )?,
            rotations: metrics.counter("auth_signing_key_rotations_total", "New signing keys")?,
            password_changes: metrics.counter_vec(
                "auth_password_changes_total",
                "Passwords that were replaced, by the way it was done",
                &["way"],
            )?,
        })
    }

    /// The histogram of password hashes.
    pub(crate) fn hash_seconds(&self) -> Histogram {
        self.hash_seconds.clone()
    }

    /// What a refused password takes at least.
    pub(crate) fn password_floor_is(&self, floor: Duration) {
        let milliseconds = floor.as_millis();
        self.password_floor.set(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        tracing::info!(milliseconds, "refused passwords take at least this long");
    }

    /// `created` or `known`; the answer was the same.
    pub(crate) fn registered(&self, outcome: &'static str) {
        self.registrations.with_label_values(&[outcome]).inc();
    }

    /// A sign-in succeeded.
    pub(crate) fn signed_in(&self, user_id: UserId, session_id: SessionId) {
        self.logins.with_label_values(&["ok"]).inc();
        tracing::info!(%user_id, %session_id, "signed in");
    }

    /// An identity provider could not be used, or its answer did not hold. The error holds nothing of a person.
    pub(crate) fn provider_failed(&self, provider: &Provider, error: &ExchangeError) {
        let outcome = error.refusal().word();
        self.provider_failures.with_label_values(&[provider.kind.word(), outcome]).inc();
        let (provider, error) = (provider.key.as_str(), error as &dyn Error);
        tracing::warn!(provider, outcome, error, "a sign-in failed at its provider");
    }

    /// A sign-in failed: `credentials`, `passkey`, `unverified`, `suspended`, `deactivated`, `locked`, `oidc` or `oidc_expired`.
    pub(crate) fn sign_in_refused(&self, outcome: &'static str, user_id: Option<UserId>) {
        self.logins.with_label_values(&[outcome]).inc();
        tracing::info!(user_id = user_id.map(tracing::field::display), outcome, "sign-in refused");
    }

    /// An authenticator's counter went back.
    pub(crate) fn passkey_cloned(&self, user_id: UserId, passkey_id: PasskeyId) {
        tracing::warn!(%user_id, %passkey_id, "there is a copy of a passkey: it was refused");
    }

    /// Sign-in was closed for an address and a client.
    pub(crate) fn locked(&self, user_id: Option<UserId>, lasts: Duration) {
        let seconds = lasts.as_secs();
        tracing::warn!(user_id = user_id.map(tracing::field::display), seconds, "sign-in locked");
    }

    /// A refresh token was used: `ok`, `grace`, `misplaced`, `dead` or `expired`.
    pub(crate) fn refreshed(&self, outcome: &'static str) {
        self.refreshes.with_label_values(&[outcome]).inc();
    }

    /// A refresh token was used again after the grace period.
    pub(crate) fn reused(&self, user_id: UserId, session_id: SessionId) {
        self.refreshes.with_label_values(&["reused"]).inc();
        tracing::warn!(%user_id, %session_id, "a refresh token was used twice: its session is revoked");
    }

    /// A session was ended before its time.
    pub(crate) fn revoked(&self, reason: &'static str, user_id: UserId, session_id: SessionId) {
        self.revocations.with_label_values(&[reason]).inc();
        tracing::info!(%user_id, %session_id, reason, "session revoked");
    }

    /// Redis did not take a revocation. Sockets still end by the event; a job tries again until the tokens have ended.
    pub(crate) fn deny_list_failed(&self, session_id: SessionId, error: &(dyn Error + 'static)) {
        self.deny_list_failures.inc();
        tracing::error!(%session_id, error, "a revoked session's access tokens live on until Redis is back or they end");
    }

    /// A mail left.
    pub(crate) fn mail_sent(&self, template: &'static str) {
        self.mails.with_label_values(&[template, "sent"]).inc();
    }

    /// A mail did not leave, and will be tried again unless `given_up`. The runner of the job says why.
    pub(crate) fn mail_failed(&self, template: &'static str, given_up: bool) {
        self.mails.with_label_values(&[template, if given_up { "given_up" } else { "failed" }]).inc();
    }

    /// What the circuit before the mail server lets through.
    pub(crate) fn circuit_is(&self, position: Position) {
        self.mail_circuit.set(match position {
            Position::Closed => 0,
            Position::HalfOpen { .. } => 1,
            Position::Open => 2,
        });
    }

    /// No mail is tried for a while. `reason` must not hold an address.
    pub(crate) fn circuit_opened(&self, rest: Duration, reason: &str) {
        self.circuit_is(Position::Open);
        tracing::error!(seconds = rest.as_secs(), reason, "the mail server does not serve: mails rest");
    }

    /// Mails are sent again.
    pub(crate) fn circuit_closed(&self) {
        self.circuit_is(Position::Closed);
        tracing::info!("the mail server serves again");
    }

    /// An API key was presented: `ok`, `malformed`, `unknown`, `wrong`, `revoked`, `expired`, `closed` or `mfa_required`.
    pub(crate) fn api_key_exchanged(&self, outcome: &'static str) {
        self.api_key_exchanges.with_label_values(&[outcome]).inc();
    }

    /// A password was replaced: `change`, `set` or `reset`.
    pub(crate) fn password_changed(&self, way: &'static str, user_id: UserId) {
        self.password_changes.with_label_values(&[way]).inc();
        tracing::info!(%user_id, way, "password changed");
    }

    /// There is a new signing key.
    pub(crate) fn key_rotated(&self, kid: &str) {
        self.rotations.inc();
        tracing::info!(kid, "a new signing key");
    }
}
