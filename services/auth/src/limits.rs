//! How often strangers may call, counted in Redis for all replicas together.
//!
//! Windows are fixed: a count begins with the first call and is forgotten when its window ends. Mail addresses
//! stand in keys as a hash. Without Redis every limited call fails: an unlimited login is worse than none.

mod claim;

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use colink_core::id::UserId;
use colink_core::text::Email;
use colink_http::RequestContext;
use colink_store::redis::RedisClient;
use redis::Script;
use sha2::{Digest, Sha256};

use crate::config::LimitsConfig;
use crate::error::AuthError;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Counts and says how long the window still lasts, in milliseconds. `ARGV[2]` = 1 begins the window anew.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local count = redis.call('INCR', KEYS[1])
         if count == 1 or ARGV[2] == '1' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
         return {count, redis.call('PTTL', KEYS[1])}",
    )
});

/// What is limited.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// Registrations of a client.
    Register,
    /// Logins of a client.
    Login,
    /// Logins with a mail address.
    LoginAddress,
    /// Uses of links of a client.
    Verify,
    /// Steps of sign-ins through providers.
    Oidc,
    /// Uses of links of an account.
    LinkAccount,
    /// Mails caused by a client.
    Mail,
    /// Mails to a mail address.
    MailAddress,
    /// Wrong API keys of a client.
    ApiKeyFailure,
    /// Links for a new password, to a mail address.
    ResetAddress,
}

/// The counters. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    redis: RedisClient,
    config: LimitsConfig,
    api_key_failures: u32,
}

/// Whose count it is: a client, a mail address, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject(String);

impl Subject {
    /// The client of a request.
    pub(crate) fn client(context: &RequestContext) -> Self {
        Self::of_ip(context.ip())
    }

    /// A client by its address. All addresses of one IPv6 network are one client: a host has 2^64 of them.
    pub(crate) fn of_ip(ip: Option<IpAddr>) -> Self {
        Self(match ip {
            Some(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
                Some(ip) => ip.to_string(),
                None => {
                    let [a, b, c, d, ..] = ip.segments();
                    format!("{a:x}-{b:x}-{c:x}-{d:x}")
                }
            },
            Some(IpAddr::V4(ip)) => ip.to_string(),
            None => "unknown".to_owned(),
        })
    }

    /// A mail address, known to the system or not.
    pub(crate) fn address(email: &Email) -> Self {
        Self::address_of(email.as_str())
    }

    /// A mail address in its normalised form.
    pub(crate) fn address_of(normalised: &str) -> Self {
        Self(hex::encode(Sha256::digest(normalised)))
    }

    /// An account.
    pub(crate) fn account(id: UserId) -> Self {
        Self(id.to_string())
    }

    /// The text in keys; of a client, where it is.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn and(&self, other: &Self) -> Self {
        Self(format!("{}:{}", self.0, other.0))
    }
}

impl Limits {
    pub(crate) fn new(redis: RedisClient, config: LimitsConfig, api_key_failures: u32) -> Self {
        Self { redis, config, api_key_failures }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// [`AuthError::Limited`] above the limit, [`AuthError::Store`] without Redis.
    pub(crate) async fn take(&self, limit: Limit, subject: &Subject) -> Result<(), AuthError> {
        let (name, most, window) = self.rule(limit);
        if most == 0 {
            return Ok(());
        }
        let key = self.redis.key(&["limit", name, &subject.0]);
        let (count, left) = self.count(&key, window, false).await?;
        if count > u64::from(most) { Err(AuthError::Limited(left)) } else { Ok(()) }
    }

    /// Refuses when the limit is used up, and counts nothing.
    ///
    /// # Errors
    /// [`AuthError::Limited`] at the limit, [`AuthError::Store`] without Redis.
    pub(crate) async fn check(&self, limit: Limit, subject: &Subject) -> Result<(), AuthError> {
        let (name, most, _) = self.rule(limit);
        if most == 0 {
            return Ok(());
        }
        let key = self.redis.key(&["limit", name, &subject.0]);
        let mut both = redis::pipe();
        both.get(&key).pttl(&key);
        let (count, left): (Option<u64>, i64) = both.query_async(&mut self.redis.connection()).await?;
        if count.unwrap_or(0) < u64::from(most) {
            return Ok(());
        }
        Err(AuthError::Limited(Duration::from_millis(u64::try_from(left).unwrap_or(0))))
    }

    /// Refuses when this client has failed too often with this address.
    ///
    /// # Errors
    /// [`AuthError::Locked`] with the time that is left, [`AuthError::Store`] without Redis.
    pub(crate) async fn check_lock(&self, address: &Subject, client: &Subject) -> Result<(), AuthError> {
        if self.config.lockout_failures == 0 {
            return Ok(());
        }
        let key = self.failures_key(address, client);
        let mut both = redis::pipe();
        both.get(&key).pttl(&key);
        let (failures, left): (Option<u64>, i64) = both.query_async(&mut self.redis.connection()).await?;
        if failures.unwrap_or(0) < u64::from(self.config.lockout_failures) {
            return Ok(());
        }
        Err(AuthError::Locked(Duration::from_millis(u64::try_from(left).unwrap_or(0))))
    }

    /// Counts a failure; the time of the lock when this one locks.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn record_failure(
        &self,
        address: &Subject,
        client: &Subject,
    ) -> Result<Option<Duration>, AuthError> {
        let most = u64::from(self.config.lockout_failures);
        if most == 0 {
            return Ok(None);
        }
        let lasts = MINUTE.saturating_mul(self.config.lockout_minutes);
        // Before the count, so that no failure is missed when they are forgotten.
        let clients = self.clients_key(address);
        let mut remember = redis::pipe();
        remember.sadd(&clients, &client.0).ignore();
        remember.pexpire(&clients, i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX)).ignore();
        remember.exec_async(&mut self.redis.connection()).await?;
        let (failures, _) = self.count(&self.failures_key(address, client), lasts, true).await?;
        Ok((failures == most).then_some(lasts))
    }

    /// Forgets the failures after a success.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn forget_failures(&self, address: &Subject, client: &Subject) -> Result<(), AuthError> {
        let key = self.failures_key(address, client);
        redis::cmd("DEL").arg(key).exec_async(&mut self.redis.connection()).await?;
        Ok(())
    }

    /// Forgets the failures of every client with this address, and how often it was tried: its owner has another password.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn forget_address(&self, address: &Subject) -> Result<(), AuthError> {
        let (clients, mut connection) = (self.clients_key(address), self.redis.connection());
        let failed: Vec<String> = redis::cmd("SMEMBERS").arg(&clients).query_async(&mut connection).await?;
        let (tries, _, _) = self.rule(Limit::LoginAddress);
        let mut forget = redis::pipe();
        for client in failed {
            forget.del(self.failures_key(address, &Subject(client))).ignore();
        }
        forget.del(self.redis.key(&["limit", tries, &address.0])).ignore();
        forget.del(&clients).ignore();
        forget.exec_async(&mut connection).await?;
        Ok(())
    }

    /// The clients that failed with an address.
    fn clients_key(&self, address: &Subject) -> String {
        self.redis.key(&["login-failure-clients", &address.0])
    }

    fn failures_key(&self, address: &Subject, client: &Subject) -> String {
        self.redis.key(&["login-failures", &address.and(client).0])
    }

    async fn count(&self, key: &str, window: Duration, anew: bool) -> Result<(u64, Duration), AuthError> {
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut connection = self.redis.connection();
        let mut script = COUNT.key(key);
        let (count, left): (u64, i64) =
            script.arg(window).arg(u8::from(anew)).invoke_async(&mut connection).await?;
        Ok((count, Duration::from_millis(u64::try_from(left).unwrap_or(0))))
    }

    fn rule(&self, limit: Limit) -> (&'static str, u32, Duration) {
        let most = &self.config;
        match limit {
            Limit::Register => ("register", most.register_per_ip_per_minute, MINUTE),
            Limit::Login => ("login", most.login_per_ip_per_minute, MINUTE),
            Limit::LoginAddress => ("login-address", most.login_per_address_per_hour, HOUR),
            Limit::Verify => ("verify", most.verify_per_ip_per_minute, MINUTE),
            Limit::Oidc => ("oidc", most.oidc_per_ip_per_minute, MINUTE),
            Limit::LinkAccount => ("link-account", most.verify_per_account_per_hour, HOUR),
            Limit::Mail => ("mail", most.mail_per_ip_per_minute, MINUTE),
            Limit::ApiKeyFailure => ("api-key-failure", self.api_key_failures, MINUTE),
            Limit::MailAddress => ("mail-address", most.mail_per_address_per_hour, HOUR),
            Limit::ResetAddress => ("reset-address", most.reset_per_address_per_hour, HOUR),
        }
    }
}
