//! Hashing of passwords: argon2id, and bcrypt of other systems, on threads of their own, a few at a time.
//!
//! A hash takes tens of milliseconds and megabytes by design, so there is a queue: [`Passwords::turn`] waits
//! for a place, and the place stays taken until the thread is done, also when the request is gone by then.

mod floor;
mod threads;

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use colink_telemetry::metrics::Histogram;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::floor::Floor;
use self::threads::Threads;
use crate::config::Argon2Config;
use crate::domain::foreign_hash::{BCRYPT_BYTES, is_bcrypt};
use crate::domain::password::Password;
use crate::error::AuthError;

/// The queue for hashes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    cost: Params,
    places: Arc<Semaphore>,
    threads: Threads,
    patience: Duration,
    /// What the password of an unknown user is compared with, so that it takes as long.
    decoy: Arc<str>,
    floor: Arc<Floor>,
    seconds: Histogram,
}

/// A place in the queue that has come up; dropping it gives it to the next.
pub(crate) struct Turn {
    passwords: Passwords,
    place: Arc<OwnedSemaphorePermit>,
}

/// What a comparison said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not this password, or there is none.
    Wrong,
    /// The password.
    Right,
    /// The password, hashed at another cost than today's or by another system.
    Outdated,
}

impl Passwords {
    /// A queue with the given cost.
    ///
    /// # Errors
    /// [`AuthError::Crypto`] when the cost is outside what argon2 allows, or no thread can be started.
    pub(crate) fn new(config: Argon2Config, seconds: Histogram) -> Result<Self, AuthError> {
        let cost = Params::new(config.memory_kib, config.iterations, config.parallelism, None);
        let cost = cost.map_err(AuthError::crypto)?;
        let decoy = hash(&cost, &rand::random::<[u8; 32]>())?.into();
        Ok(Self {
            cost,
            places: Arc::new(Semaphore::new(config.concurrency)),
            threads: Threads::start(config.concurrency)?,
            patience: Duration::from_millis(config.wait_ms),
            decoy,
            floor: Arc::default(),
            seconds,
        })
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`AuthError::Busy`] when none comes up in time.
    pub(crate) async fn turn(&self) -> Result<Turn, AuthError> {
        let waiting = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, waiting).await {
            Ok(Ok(place)) => Ok(Turn { passwords: self.clone(), place: Arc::new(place) }),
            Ok(Err(_)) | Err(_) => Err(AuthError::Busy("password check")),
        }
    }

    /// Lets a refusal of a check that began at `began` wait until it takes as long as any other. Nobody's place is kept.
    pub(crate) async fn rest(&self, began: Instant, password: &Password) {
        let rest = self.floor.rest(began.elapsed(), password.typed_otherwise().is_some());
        tokio::time::sleep(rest).await;
    }

    /// Measures what checks of hashes of these styles take, and lets refusals wait for the slowest; how long for a usual
    /// text. Hashes of today's cost take as long as the decoy: nobody waits where there are no others.
    ///
    /// # Errors
    /// [`AuthError::Busy`]; [`AuthError::Crypto`] for a style that is none.
    pub(crate) async fn learn(&self, styles: &[String]) -> Result<Duration, AuthError> {
        let today = |style: &String| self.decoy.starts_with(&format!("{style}$"));
        let others: Vec<String> = styles.iter().filter(|style| !today(style)).cloned().collect();
        let floors = if others.is_empty() {
            [Duration::ZERO; 2]
        } else {
            let cost = self.cost.clone();
            self.turn().await?.run(move || floor::measure(&cost, &others)).await?
        };
        self.floor.set(floors);
        let [usual, _] = floors;
        Ok(usual)
    }
}

impl Turn {
    /// Hashes a password with a new salt, as a PHC string.
    ///
    /// # Errors
    /// [`AuthError::Crypto`].
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, AuthError> {
        let (cost, password) = (self.passwords.cost.clone(), password.clone());
        self.run(move || hash(&cost, password.as_bytes())).await
    }

    /// Compares a password with a stored hash. Without one it takes the same time and is wrong.
    ///
    /// # Errors
    /// [`AuthError::Crypto`] when the stored hash is none.
    pub(crate) async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verdict, AuthError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.passwords.decoy).to_owned();
        let (cost, password) = (self.passwords.cost.clone(), password.clone());
        let verdict = self.run(move || verify(&cost, &password, &stored)).await?;
        Ok(if known { verdict } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        let (place, seconds) = (Arc::clone(&self.place), self.passwords.seconds.clone());
        let timed = move || {
            let _taken = place;
            let began = Instant::now();
            let done = work();
            seconds.observe(began.elapsed().as_secs_f64());
            done
        };
        self.passwords.threads.run(timed).await?
    }
}

fn argon2id(cost: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.clone())
}

fn hash(cost: &Params, password: &[u8]) -> Result<String, AuthError> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(AuthError::crypto)?;
    let hash = argon2id(cost).hash_password(password, &salt).map_err(AuthError::crypto)?;
    Ok(hash.to_string())
}

fn verify(cost: &Params, password: &Password, stored: &str) -> Result<Verdict, AuthError> {
    if is_bcrypt(stored) {
        return verify_bcrypt(password, stored);
    }
    let stored = PasswordHash::new(stored).map_err(AuthError::crypto)?;
    match argon2id(cost).verify_password(password.as_bytes(), &stored) {
        Ok(()) if is_of_cost(&stored, cost) => Ok(Verdict::Right),
        Ok(()) => Ok(Verdict::Outdated),
        Err(argon2::password_hash::Error::Password) => Ok(Verdict::Wrong),
        Err(error) => Err(AuthError::crypto(error)),
    }
}

/// A hash that another system made: of the password as it was typed there. Of a long password only the first 72 bytes are
/// proven by it, so such a one is not hashed anew: the rest may be a slip.
fn verify_bcrypt(password: &Password, stored: &str) -> Result<Verdict, AuthError> {
    let forms = [Some(password.as_bytes()), password.typed_otherwise()];
    for form in forms.into_iter().flatten() {
        if bcrypt::verify(form, stored).map_err(AuthError::crypto)? {
            let whole = form.len() <= BCRYPT_BYTES;
            return Ok(if whole { Verdict::Outdated } else { Verdict::Right });
        }
    }
    Ok(Verdict::Wrong)
}

fn is_of_cost(stored: &PasswordHash<'_>, cost: &Params) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    let made_with = Params::try_from(stored).is_ok_and(|made_with| costs(&made_with) == costs(cost));
    made_with && stored.algorithm == Algorithm::Argon2id.ident()
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use colink_telemetry::Metrics;

    use super::*;

    fn passwords(iterations: u32) -> Passwords {
        let config = Argon2Config { memory_kib: 64, iterations, parallelism: 1, concurrency: 1, wait_ms: 20 };
        Passwords::new(config, Metrics::new("test").unwrap().histogram("h", "h", &[1.0]).unwrap()).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::claimed(text).unwrap()
    }

    /// argon2id; a wrong password, an unknown user and an outdated cost are told apart.
    #[actix_web::test]
    async fn verdicts() {
        let old = passwords(1).turn().await.unwrap().hash(&password("secret")).await.unwrap();
        assert!(old.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        let turn = passwords(2).turn().await.unwrap();
        let new = turn.hash(&password("secret")).await.unwrap();
        let cases = [
            (Some(new.as_str()), "secret", Verdict::Right),
            (Some(old.as_str()), "secret", Verdict::Outdated),
            (Some(new.as_str()), "Secret", Verdict::Wrong),
            (None, "secret", Verdict::Wrong),
        ];
        for (stored, given, verdict) in cases {
            assert_eq!(turn.verify(&password(given), stored).await.unwrap(), verdict, "{stored:?} {given}");
        }
    }

    /// hashes of other systems, of the password as it was typed there; of long passwords only 72 bytes count.
    #[actix_web::test]
    async fn bcrypt_verdicts() {
        let turn = passwords(1).turn().await.unwrap();
        let bcrypt = |text: &str| bcrypt::hash(text, 4).unwrap();
        let (apart, long) = ("Cafe\u{301} 1!au", "ß".repeat(40));
        let php = bcrypt("secret").replacen("$2b", "$2y", 1);
        let old = bcrypt("secret").replacen("$2b", "$2a", 1);
        let cases = [
            (bcrypt("secret"), "secret", Verdict::Outdated),
            (php, "secret", Verdict::Outdated),
            (old.clone(), "secret", Verdict::Outdated),
            (old, "Secret", Verdict::Wrong),
            (bcrypt(apart), apart, Verdict::Outdated),
            (bcrypt(apart), "Caf\u{e9} 1!au", Verdict::Wrong),
            (bcrypt("Caf\u{e9} 1!au"), apart, Verdict::Outdated),
            (bcrypt(&"x".repeat(72)), &"x".repeat(72), Verdict::Outdated),
            (bcrypt(&"x".repeat(72)), &"x".repeat(71), Verdict::Wrong),
            (bcrypt(&"x".repeat(90)), &"x".repeat(72), Verdict::Outdated),
            (bcrypt(&"x".repeat(72)), &"x".repeat(73), Verdict::Right),
            (bcrypt(&long), &long, Verdict::Right),
        ];
        for (stored, given, verdict) in cases {
            let given = password(given);
            assert_eq!(turn.verify(&given, Some(&stored)).await.unwrap(), verdict, "{given:?} {stored}");
        }
    }

    /// bounded concurrency; who waits too long is sent away.
    #[actix_web::test]
    async fn a_full_queue_is_busy() {
        let passwords = passwords(1);
        let turn = passwords.turn().await.unwrap();
        assert!(matches!(passwords.turn().await, Err(AuthError::Busy(_))));
        drop(turn);
        assert!(passwords.turn().await.is_ok());
    }
}
