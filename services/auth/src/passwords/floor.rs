//! How long a refused password takes at least.
//!
//! An unknown address is compared with a decoy of today's cost. Accounts of another system have hashes that take another
//! time, and bcrypt is tried twice for a text that can be written in two ways: the clock would tell which addresses these
//! are. So, where such hashes are stored, every refusal is given at a multiple of a time that covers the slowest of them,
//! measured here. Where there are none nobody waits. Whoever is let in never waits: he learns nothing from it.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use argon2::Params;
use argon2::password_hash::PasswordHash;

use super::hash;
use crate::error::AuthError;

/// A check may take half as long again as the measured one before it falls into the next multiple.
const MARGIN: f64 = 1.5;
/// The quickest of so many is what the work itself takes.
const RUNS: usize = 3;
/// Bcrypt is measured at this cost, and takes twice as long for each one above.
const MEASURED_COST: u32 = 8;

/// The floor, for a text with one form and for one with two. Zero until hashes of another cost are known.
#[derive(Debug, Default)]
pub(super) struct Floor(RwLock<[Duration; 2]>);

impl Floor {
    /// What is left to wait for a check that began `elapsed` ago.
    pub(super) fn rest(&self, elapsed: Duration, two_forms: bool) -> Duration {
        let [one, two] = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        rest(if two_forms { two } else { one }, elapsed)
    }

    /// Takes over what was measured.
    pub(super) fn set(&self, floors: [Duration; 2]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = floors;
    }
}

fn rest(floor: Duration, elapsed: Duration) -> Duration {
    if floor.is_zero() {
        return Duration::ZERO;
    }
    let begun = u32::try_from(elapsed.as_nanos() / floor.as_nanos()).unwrap_or(u32::MAX);
    floor.saturating_mul(begun.saturating_add(1)).saturating_sub(elapsed)
}

/// The floors for hashes of these styles beside those of `cost`. Takes the time of a dozen checks.
///
/// # Errors
/// [`AuthError::Crypto`] for a style that nothing here checks.
pub(super) fn measure(cost: &Params, styles: &[String]) -> Result<[Duration; 2], AuthError> {
    let mut slowest = [quickest(|| hash(cost, b"measured").map(drop))?; 2];
    for style in styles {
        let [one, two] = match bcrypt_cost(style) {
            Some(bcrypt) => {
                let one = of_bcrypt(bcrypt)?;
                [one, one * 2]
            }
            None => [of_argon2(style)?; 2],
        };
        slowest = [slowest[0].max(one), slowest[1].max(two)];
    }
    Ok(slowest.map(|time| time.mul_f64(MARGIN)))
}

/// Of a style like `$2b$12`.
fn bcrypt_cost(style: &str) -> Option<u32> {
    style.strip_prefix("$2")?.split_once('$')?.1.parse().ok()
}

fn of_bcrypt(cost: u32) -> Result<Duration, AuthError> {
    let measured = cost.min(MEASURED_COST);
    let time = quickest(|| bcrypt::hash(b"measured", measured).map(drop).map_err(AuthError::crypto))?;
    Ok(time.saturating_mul(1 << (cost - measured).min(31)))
}

/// Of a style like `$argon2id$v=19$m=19456,t=2,p=1`.
fn of_argon2(style: &str) -> Result<Duration, AuthError> {
    let style = PasswordHash::new(style).map_err(AuthError::crypto)?;
    let cost = Params::try_from(&style).map_err(AuthError::crypto)?;
    quickest(|| hash(&cost, b"measured").map(drop))
}

fn quickest(work: impl Fn() -> Result<(), AuthError>) -> Result<Duration, AuthError> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let began = Instant::now();
        work()?;
        best = best.min(began.elapsed());
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// refusals come at multiples of the floor.
    #[test]
    fn what_is_left_of_the_floor() {
        for (elapsed, left) in [(0, 100), (30, 70), (99, 1), (100, 100), (250, 50)] {
            assert_eq!(rest(100 * MS, elapsed * MS), left * MS, "{elapsed}");
        }
        assert_eq!(rest(Duration::ZERO, 30 * MS), Duration::ZERO);
        assert_eq!(Floor::default().rest(30 * MS, true), Duration::ZERO);
    }

    /// the slowest hash counts, and bcrypt twice for a text with two forms.
    #[test]
    fn the_floor_covers_what_is_stored() {
        let cost = Params::new(64, 1, 1, None).unwrap();
        let floors = |styles: &[&str]| {
            measure(&cost, &styles.iter().map(|style| (*style).to_owned()).collect::<Vec<_>>()).unwrap()
        };
        let [today, _] = floors(&[]);
        let [bcrypt, twice] = floors(&["$2b$09", "$2y$04"]);
        assert!(bcrypt > today * 4 && twice.abs_diff(bcrypt * 2) < MS, "{today:?} {bcrypt:?} {twice:?}");
        let [argon2, same] = floors(&["$argon2id$v=19$m=8192,t=4,p=1"]);
        assert!(argon2 > today * 4 && same == argon2, "{today:?} {argon2:?}");
    }
}
