//! [`ApiKey`]: what a key looks like.
//!
//! `clk_` + 22 characters of the secret's id + `_` + 43 characters of the secret (256 bits) + `_` + 6 characters of
//! CRC-32 over all that stands before; numbers in base 62, so that a double click selects the whole. Prefix and checksum
//! let secret scanners find keys, as GitHub's do, and let every process refuse a made-up one without a look-up. In a
//! regular expression: `clk_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}`.

use std::fmt;

use colink_core::id::SessionId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const PREFIX: &str = "clk_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_DIGITS: usize = 22;
const SECRET_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;

/// An API key. `Debug` does not show its secret.
#[derive(Clone)]
pub struct ApiKey {
    id: SessionId,
    secret: [u8; 32],
}

impl ApiKey {
    /// The key of this secret. `id` is public; tokens made for the key carry it as their session, so it must be a UUIDv7
    /// of the secret's beginning.
    #[must_use]
    pub fn new(id: SessionId, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// Whether a bearer token is meant to be an API key, well-formed or not. No JWT begins like one.
    #[must_use]
    pub fn is_meant(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// Reads a key; `None` for what was never one: wrong form or wrong checksum.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (checked, checksum) = text.rsplit_once('_')?;
        let (id, secret) = checked.strip_prefix(PREFIX)?.split_once('_')?;
        let checksum = decode::<4>(checksum, CHECKSUM_DIGITS)?;
        if checksum != crc32fast::hash(checked.as_bytes()).to_be_bytes() {
            return None;
        }
        let id = SessionId::from_uuid(Uuid::from_bytes(decode(id, ID_DIGITS)?));
        Some(Self { id, secret: decode(secret, SECRET_DIGITS)? })
    }

    /// The public part: names the secret, and is shown.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// What is stored of the secret: its SHA-256. Nobody can try 2^256 values, so it needs no salt.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// The whole key, for its owner, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let checked = format!("{}_{}", Self::prefix(self.id), encode(self.secret, SECRET_DIGITS));
        let checksum = crc32fast::hash(checked.as_bytes()).to_be_bytes();
        format!("{checked}_{}", encode(checksum, CHECKSUM_DIGITS))
    }

    /// How a key with this public part begins: enough to know it again, and no secret.
    #[must_use]
    pub fn prefix(id: SessionId) -> String {
        format!("{PREFIX}{}", encode(id.as_uuid().into_bytes(), ID_DIGITS))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A number, the highest byte first, in `digits` digits of base 62.
fn encode<const N: usize>(mut number: [u8; N], digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u16;
        for byte in &mut number {
            let value = rest << 8 | u16::from(*byte);
            // Less than 62 * 256 before the division, so a byte after it.
            *byte = (value / 62).to_be_bytes()[1];
            rest = value % 62;
        }
        *digit = DIGITS[usize::from(rest)];
    }
    text.into_iter().map(char::from).collect()
}

/// The number of so many digits; `None` when they are more or fewer, no digits, or too great a number.
fn decode<const N: usize>(text: &str, digits: usize) -> Option<[u8; N]> {
    if text.len() != digits {
        return None;
    }
    let mut number = [0_u8; N];
    for digit in text.bytes() {
        let mut carry = u16::try_from(DIGITS.iter().position(|known| *known == digit)?).ok()?;
        for byte in number.iter_mut().rev() {
            carry += u16::from(*byte) * 62;
            *byte = carry.to_be_bytes()[1];
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new(SessionId::generate(&ManualClock::default()), rand::random())
    }

    ///
    #[test]
    fn a_key_is_read_back_and_looks_as_scanners_expect() {
        for secret in [[0; 32], [255; 32], rand::random()] {
            let key = ApiKey::new(key().id(), secret);
            let text = key.reveal();
            assert_eq!(text.len(), 77, "{text}");
            assert!(ApiKey::is_meant(&text) && text.starts_with(&ApiKey::prefix(key.id())));
            assert!(text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()));
            let read = ApiKey::parse(&text).unwrap();
            assert_eq!((read.id(), read.hash()), (key.id(), key.hash()));
            assert!(!format!("{key:?}").contains(&text[27..70]));
        }
    }

    /// every single changed, lost or swapped character is noticed without a look-up.
    #[test]
    fn a_mistyped_key_is_none() {
        let text = key().reveal();
        for place in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            assert!(ApiKey::parse(&String::from_utf8(other).unwrap()).is_none(), "{place}");
            let mut shorter = text.clone();
            shorter.remove(place);
            assert!(ApiKey::parse(&shorter).is_none(), "{place}");
        }
        let long = "clk_".repeat(4000);
        for never in [
            "",
            "clk_",
            "clk___",
            "clk_é_é_é",
            "eyJhbGciOi.x.y",
            &long,
            &format!("{text}0"),
            &format!(" {text}"),
        ] {
            assert!(ApiKey::parse(never).is_none(), "{never}");
        }
    }

    /// 62 to the power of the digits is more than fits; the rest is no number of ours.
    #[test]
    fn a_number_that_does_not_fit_is_none() {
        assert_eq!(decode::<4>(&encode([255; 4], 6), 6), Some([255; 4]));
        assert_eq!(decode::<4>("zzzzzz", 6), None);
        assert_eq!(decode::<16>(&"z".repeat(22), 22), None);
        assert_eq!(decode::<32>(&"z".repeat(43), 43), None);
    }
}
