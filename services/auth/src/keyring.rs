//! The signing keys as this process knows them: which one signs now, and which are published.
//!
//! Empty until the key task has read them, and the service is not ready before. The database decides; this is
//! its copy, renewed every `keys.reload_s`. A new key is published `keys.activation_delay_s` before it signs, so
//! that no replica and no verifier meets a token whose key it has not read.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_auth::{Claims, JwkSet, TokenSigner, Verifier};
use colink_core::clock::Clock;
use colink_core::id::KeyId;
use colink_secrets::{Sealer, Zeroizing};

use crate::error::AuthError;
use crate::store::signing_keys::{SEALED, StoredKey};

/// Keys that are published at a time: 5 KiB of the 64 KiB that verifiers read.
const PUBLISHED_MAX: usize = 32;

/// The keys, shared by everyone who signs, verifies or publishes.
#[derive(Debug)]
pub(crate) struct Keyring {
    verifier: Verifier,
    sealer: Sealer,
    keys: RwLock<Arc<Vec<Key>>>,
}

#[derive(Debug)]
struct Key {
    kid: String,
    activates_at: DateTime<Utc>,
    signer: TokenSigner,
}

impl Keyring {
    /// An empty ring that keeps `verifier` up to date.
    pub(crate) fn new(verifier: Verifier, sealer: Sealer) -> Self {
        Self { verifier, sealer, keys: RwLock::default() }
    }

    /// Takes over what is stored: published keys, newest first.
    ///
    /// # Errors
    /// [`AuthError::Crypto`] when a stored key is none, [`AuthError::Seal`] when it does not open.
    pub(crate) fn replace(&self, stored: &[StoredKey]) -> Result<(), AuthError> {
        let known = self.keys();
        if known.iter().map(|key| &key.kid).eq(stored.iter().map(|key| &key.kid)) {
            return Ok(());
        }
        let keys = stored.iter().map(|key| Key::read(key, &self.sealer)).collect::<Result<Vec<_>, _>>()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.verifier.set_keys(&self.published());
        Ok(())
    }

    /// The public halves, for the JWKS.
    pub(crate) fn published(&self) -> JwkSet {
        JwkSet { keys: self.keys().iter().map(|key| key.signer.jwk().clone()).collect() }
    }

    /// Signs with the key whose time it is.
    ///
    /// # Errors
    /// [`AuthError::Busy`] while no key is loaded.
    pub(crate) fn sign(&self, claims: &Claims, now: DateTime<Utc>) -> Result<String, AuthError> {
        let keys = self.keys();
        let current = keys.iter().find(|key| key.activates_at <= now);
        let current = current.ok_or(AuthError::Busy("signing key"))?;
        current.signer.sign(claims).map_err(AuthError::crypto)
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Key {
    fn read(stored: &StoredKey, sealer: &Sealer) -> Result<Self, AuthError> {
        let seed = sealer.open(&SEALED.context(&stored.kid), &stored.sealed_seed)?;
        let seed = seed.as_slice().try_into().map_err(AuthError::crypto)?;
        let signer = TokenSigner::new(&stored.kid, seed).map_err(AuthError::crypto)?;
        Ok(Self { kid: stored.kid.clone(), activates_at: stored.activates_at, signer })
    }
}

/// A new key that signs after `delay`.
///
/// # Errors
/// [`AuthError::Seal`].
pub(crate) fn generate(clock: &dyn Clock, sealer: &Sealer, delay: Duration) -> Result<StoredKey, AuthError> {
    let (now, kid) = (clock.now(), KeyId::generate(clock).to_string());
    let seed = Zeroizing::new(rand::random::<[u8; 32]>());
    let sealed_seed = sealer.seal(&SEALED.context(&kid), seed.as_slice())?;
    Ok(StoredKey { kid, sealed_seed, created_at: now, activates_at: now + delay, retires_at: None })
}

/// Whether a new key is to be made: there is none, or the newest is too old.
pub(crate) fn is_due(stored: &[StoredKey], rotate_after: Duration, now: DateTime<Utc>) -> bool {
    stored.first().is_none_or(|newest| newest.created_at + rotate_after <= now)
}

/// Until when no further key is made; `None` when one may be made now. One key at a time waits to sign, and no more are
/// published than every verifier reads: else whoever may rotate could make so many that nobody's tokens count any more.
pub(crate) fn closed_until(stored: &[StoredKey], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let waiting = stored.iter().map(|key| key.activates_at).filter(|at| *at > now).max();
    let retiring = stored.iter().filter_map(|key| key.retires_at).min();
    waiting.or(retiring.filter(|_| stored.len() >= PUBLISHED_MAX))
}

#[cfg(test)]
mod tests {
    use colink_auth::AuthConfig;
    use colink_core::clock::ManualClock;
    use colink_core::id::{SessionId, UserId};
    use colink_secrets::SecretsConfig;

    use super::*;

    const DELAY: Duration = Duration::from_secs(60);

    fn sealer() -> Sealer {
        Sealer::new(&SecretsConfig::new(format!("k:{}", "ab".repeat(32)))).unwrap()
    }

    fn claims(clock: &ManualClock) -> Claims {
        let now = clock.now().timestamp();
        Claims {
            iss: "https://issuer.test".to_owned(),
            sub: UserId::generate(clock),
            aud: "colink".to_owned(),
            exp: now + 900,
            iat: now,
            nbf: None,
            jti: "1".to_owned(),
            sid: SessionId::generate(clock),
            email: None,
            preferred_username: "ada".to_owned(),
            name: None,
            realm_roles: Vec::new(),
            mfa_enrolment: false,
            amr: Vec::new(),
            scope: None,
        }
    }

    /// a new key is published at once, signs after its delay, and the old one's tokens stay valid.
    #[actix_web::test]
    async fn rotation_overlaps() {
        let clock = Arc::new(ManualClock::default());
        let config = AuthConfig::new("https://issuer.test", "colink", "http://unused");
        let verifier = Verifier::with_keys(&config, &JwkSet { keys: Vec::new() }, clock.clone());
        let ring = Keyring::new(verifier.clone(), sealer());
        let claims = claims(&clock);
        assert!(matches!(ring.sign(&claims, clock.now()), Err(AuthError::Busy(_))));

        let first = generate(clock.as_ref(), &sealer(), Duration::ZERO).unwrap();
        ring.replace(std::slice::from_ref(&first)).unwrap();
        let old = ring.sign(&claims, clock.now()).unwrap();

        clock.advance(Duration::from_secs(1));
        ring.replace(&[generate(clock.as_ref(), &sealer(), DELAY).unwrap(), first]).unwrap();
        assert_eq!(ring.published().keys.len(), 2);
        assert_eq!(
            ring.sign(&claims, clock.now()).unwrap(),
            old,
            "the old key signs until the delay is over"
        );
        clock.advance(DELAY);
        let new = ring.sign(&claims, clock.now()).unwrap();
        assert_ne!(new, old);
        assert!(verifier.verify(&old).await.is_ok());
        assert!(verifier.verify(&new).await.is_ok());
    }

    /// one key waits at a time, and the document that verifiers read stays small.
    #[test]
    fn keys_are_made_one_after_the_other() {
        let clock = ManualClock::default();
        let mut stored = vec![generate(&clock, &sealer(), DELAY).unwrap()];
        assert_eq!(closed_until(&[], clock.now()), None);
        assert_eq!(closed_until(&stored, clock.now()), Some(clock.now() + DELAY));
        clock.advance(DELAY);
        assert_eq!(closed_until(&stored, clock.now()), None);
        let first_retires = clock.now() + DELAY;
        for second in (1..).take(PUBLISHED_MAX - 1) {
            assert_eq!(closed_until(&stored, clock.now()), None, "{second}");
            let retires_at = Some(first_retires + Duration::from_secs(second));
            let older = StoredKey { retires_at, ..generate(&clock, &sealer(), Duration::ZERO).unwrap() };
            stored.push(older);
        }
        assert_eq!(closed_until(&stored, clock.now()), Some(first_retires + Duration::from_secs(1)));
    }

    #[test]
    fn a_key_is_due_when_there_is_none_or_it_is_old() {
        let clock = ManualClock::default();
        let month = Duration::from_secs(30 * 86_400);
        assert!(is_due(&[], month, clock.now()));
        let key = generate(&clock, &sealer(), DELAY).unwrap();
        assert!(!is_due(std::slice::from_ref(&key), month, clock.now()));
        clock.advance(month);
        assert!(is_due(&[key], month, clock.now()));
    }
}
