//! How often somebody may call: the generic cell rate algorithm (ITU-T I.371), counted in Redis so that
//! all gateways count together, in one atomic round trip.
//!
//! While Redis does not answer, reads and sends go on uncounted, and credentials are refused: a limit that
//! cannot count must not let passwords be guessed. After a failure Redis is left alone for a second, so that
//! not every call waits for it.
//!
//! Who has half of a budget left need not wait for the count, which then runs beside the call, for several at once
//! (`foresight.rs`). Credentials are always counted first.
//!
//! A budget of calls without a valid token that is used up is remembered until it has room again, so that the next such
//! call costs neither Redis nor a signature.

mod foresight;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use colink_core::id::UserId;
use colink_store::redis::RedisClient;
use redis::Script;

use self::foresight::{Forecast, Foresight, Told};
use crate::config::Budget;
use crate::domain::table::Class;

/// How long Redis is left alone after a failure.
const REST: Duration = Duration::from_secs(1);
/// Addresses with a used up budget that are remembered at once.
const USED_UP: usize = 10_000;

/// KEYS: the theoretical arrival time. ARGV: the interval between calls and the burst, both in microseconds, and the calls
/// that were made before this one and not counted.
/// Answers: allowed, calls left, microseconds until a call is allowed, until the budget is whole again.
const GCRA: &str = r"
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
if arrival < now then arrival = now end
local owed = tonumber(ARGV[3])
if owed > 0 then arrival = math.max(arrival, math.min(arrival + owed * interval, now + burst)) end
local following = arrival + interval
local wait = following - burst - now
if wait > 0 then
  if owed > 0 then
    redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
  end
  return {0, 0, wait, arrival - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000))
return {1, math.floor((burst - (following - now)) / interval), 0, following - now}
";

/// Whose budget a call draws on.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// A signed-in user.
    User(UserId),
    /// An address.
    Address(Option<IpAddr>),
}

/// What a call may do, and what its answer says of the budget.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// Go on.
    Allowed(Option<Allowance>),
    /// 429.
    Refused(Allowance),
    /// 503: it cannot be counted and must be.
    Uncountable,
}

/// The state of a budget after a call.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Calls at once.
    pub limit: u32,
    /// Calls left.
    pub remaining: u32,
    /// Until another call is allowed.
    pub retry_after: Duration,
    /// Until the budget is whole again.
    pub reset: Duration,
}

/// A call that is to be counted.
#[derive(Debug)]
pub struct Count {
    subject: Subject,
    class: Class,
    budget: Budget,
    forecast: Forecast,
}

impl Count {
    /// The budget's class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Whether the call may be made before it is counted.
    pub fn has_room(&self) -> bool {
        !matches!(self.forecast, Forecast::First(_))
    }
}

/// Counts calls.
pub struct Limiter {
    redis: RedisClient,
    script: Script,
    started: Instant,
    /// Milliseconds since `started` until which Redis is left alone.
    resting_until: AtomicU64,
    /// Networks whose budget of calls without a valid token is used up, and until when.
    used_up: RwLock<HashMap<Option<IpAddr>, Instant>>,
    foresight: Foresight,
}

impl Limiter {
    /// A limiter that counts in `redis`.
    pub fn new(redis: RedisClient) -> Self {
        Self {
            redis,
            script: Script::new(GCRA),
            started: Instant::now(),
            resting_until: AtomicU64::new(0),
            used_up: RwLock::default(),
            foresight: Foresight::new(),
        }
    }

    /// How long the address may make no more calls without a valid token; `None` when it may.
    pub fn used_up(&self, ip: Option<IpAddr>) -> Option<Duration> {
        let used_up = self.used_up.read().unwrap_or_else(PoisonError::into_inner);
        let until = used_up.get(&ip.map(network))?;
        until.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    fn note_used_up(&self, ip: Option<IpAddr>, wait: Duration) {
        let now = Instant::now();
        let mut used_up = self.used_up.write().unwrap_or_else(PoisonError::into_inner);
        if used_up.len() >= USED_UP {
            used_up.retain(|_, until| *until > now);
        }
        if used_up.len() < USED_UP {
            used_up.insert(ip.map(network), now + wait);
        }
    }

    /// A call that has come.
    pub fn begin(&self, subject: Subject, class: Class, budget: Budget) -> Count {
        Count {
            subject,
            class,
            budget,
            forecast: self.foresight.begin(subject, class, budget, Instant::now()),
        }
    }

    /// Counts it. `Err` holds what Redis failed with, for the metric.
    pub async fn count(&self, call: Count) -> (Verdict, Option<redis::RedisError>) {
        let Count { subject, class, budget, forecast } = call;
        let mut told = match forecast {
            Forecast::First(told) | Forecast::Beside(told) => told,
            Forecast::Later(remaining) => return (Verdict::Allowed(Some(foreseen(budget, remaining))), None),
        };
        if self.is_resting() {
            return (uncounted(class), None);
        }
        match self.ask(&self.key(subject, class), budget, &mut told).await {
            Ok(verdict) => {
                if let (Class::Unproven, Subject::Address(ip), Verdict::Refused(allowance)) =
                    (class, subject, verdict)
                {
                    self.note_used_up(ip, allowance.retry_after);
                }
                (verdict, None)
            }
            Err(error) => {
                let until = self.started.elapsed() + REST;
                self.resting_until.store(millis(until), Ordering::Relaxed);
                (uncounted(class), Some(error))
            }
        }
    }

    async fn ask(&self, key: &str, budget: Budget, told: &mut Told) -> Result<Verdict, redis::RedisError> {
        let interval = interval(budget);
        let burst = interval * u64::from(budget.burst);
        let mut connection = self.redis.connection();
        let mut call = self.script.key(key);
        let (allowed, remaining, wait, reset): (u8, u32, u64, u64) =
            call.arg(interval).arg(burst).arg(told.owed()).invoke_async(&mut connection).await?;
        told.learn(remaining);
        let (retry_after, reset) = (Duration::from_micros(wait), Duration::from_micros(reset));
        let allowance = Allowance { limit: budget.burst, remaining, retry_after, reset };
        Ok(if allowed == 1 { Verdict::Allowed(Some(allowance)) } else { Verdict::Refused(allowance) })
    }

    fn key(&self, subject: Subject, class: Class) -> String {
        let class = class.name();
        match subject {
            Subject::User(user) => self.redis.key(&["limit", class, "user", &user.to_string()]),
            Subject::Address(Some(ip)) => self.redis.key(&["limit", class, "ip", &network(ip).to_string()]),
            Subject::Address(None) => self.redis.key(&["limit", class, "ip", "unknown"]),
        }
    }

    fn is_resting(&self) -> bool {
        millis(self.started.elapsed()) < self.resting_until.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}

/// Who can use one IPv6 address can use its whole /64 (RFC 6177), so that counts as one. All IPv4 clients of a socket for both
/// protocols come from one such network (RFC 4291, 2.5.5.2) and are no one client.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip @ IpAddr::V4(_) => ip,
    }
}

/// Microseconds between two calls.
fn interval(budget: Budget) -> u64 {
    (60_000_000 / u64::from(budget.per_minute)).max(1)
}

/// What is left of a budget, as far as is known here.
fn foreseen(budget: Budget, remaining: u32) -> Allowance {
    let spent = budget.burst.saturating_sub(remaining);
    let reset = Duration::from_micros(interval(budget) * u64::from(spent));
    Allowance { limit: budget.burst, remaining, retry_after: Duration::ZERO, reset }
}

fn uncounted(class: Class) -> Verdict {
    if class == Class::Credentials { Verdict::Uncountable } else { Verdict::Allowed(None) }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::network;

    /// G-4
    #[test]
    fn a_whole_ipv6_network_has_one_budget() {
        let of = |ip: &str| network(ip.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    /// G-4
    #[test]
    fn ipv4_clients_of_a_dual_stack_socket_have_budgets_of_their_own() {
        let of = |ip: &str| network(ip.parse().unwrap());
        assert_ne!(of("::ffff:192.0.2.1"), of("::ffff:192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
