//! Codes of an authenticator app: TOTP (RFC 6238) over HMAC-SHA-1, six digits, steps of 30 s.
//!
//! SHA-1 because it is what every app computes; some ignore other algorithms in the URI. HMAC does not rest on what is
//! broken about SHA-1. A code is taken one step early and one step late, for clocks that differ and people who type.

use colink_core::error::Invalid;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// As long as the hash (RFC 4226, section 4, R6).
pub(crate) const SEED_BYTES: usize = 20;
const STEP_S: i64 = 30;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;

/// What the server and the app share. `Debug` does not show it.
pub(crate) struct Seed(Zeroizing<[u8; SEED_BYTES]>);

/// Six digits that somebody claims an app shows.
#[derive(Clone, Copy)]
pub(crate) struct Code(u32);

impl Seed {
    /// A new seed.
    pub(crate) fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// A seed that was stored; `None` when the bytes cannot be one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// What is stored, sealed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The seed as it is typed into an app.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.as_bytes()))
    }

    /// What an app reads from a QR code (the key URI format of Google Authenticator).
    pub(crate) fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account, secret) = (escape(issuer), escape(account), self.base32());
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            secret.as_str()
        ))
    }

    /// The step whose code this is, if it is one of the three around `now` (seconds since the epoch).
    ///
    /// All three are computed and compared whatever the first comparisons give, so the time tells nothing.
    pub(crate) fn step_of(&self, code: Code, now: i64) -> Option<i64> {
        let current = now.div_euclid(STEP_S);
        let (mut found, mut step) = (Choice::from(0), 0);
        for candidate in [current - 1, current, current + 1] {
            let same = self.code_at(candidate).ct_eq(&code.0);
            step.conditional_assign(&candidate, same);
            found |= same;
        }
        bool::from(found).then_some(step)
    }

    /// RFC 4226, section 5.3.
    fn code_at(&self, step: i64) -> u32 {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.as_bytes()) else {
            // HMAC takes keys of every length; this number is the code of no step.
            return MODULUS;
        };
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let [.., last] = digest;
        let word = digest.iter().skip(usize::from(last & 0xf)).take(4);
        let word = word.fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        (word & 0x7fff_ffff) % MODULUS
    }
}

impl Code {
    /// Reads six ASCII digits. A space in the middle, as apps show it, is passed over.
    ///
    /// # Errors
    /// [`Invalid`] for anything else, digits of other scripts among it.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("must have 6 digits");
        if text.is_empty() {
            return Err(Invalid::required());
        }
        if text.len() > 16 {
            return Err(invalid());
        }
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        if digits.len() != DIGITS || !digits.iter().all(u8::is_ascii_digit) {
            return Err(invalid());
        }
        Ok(Self(digits.iter().fold(0, |code, digit| code * 10 + u32::from(digit - b'0'))))
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Everything but the unreserved characters of RFC 3986 is written in hexadecimal.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of the test vectors in RFC 6238, appendix B.
    const RFC: &[u8] = b"12345678901234567890";

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap()
    }

    /// the vectors of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let seed = Seed::from_bytes(RFC).unwrap();
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (now, expected) in vectors {
            assert_eq!(seed.step_of(code(expected), now), Some(now / 30), "{now}");
        }
    }

    /// one step early, one step late, and no more.
    #[test]
    fn a_code_is_taken_in_three_steps() {
        let seed = Seed::from_bytes(RFC).unwrap();
        let right = code("081804");
        let step = 1_111_111_109 / 30;
        for (now, taken) in [(-60, false), (-30, true), (0, true), (30, true), (59, true), (60, false)] {
            let answer = seed.step_of(right, step * 30 + now);
            assert_eq!(answer, taken.then_some(step), "{now}");
        }
        assert_eq!(seed.step_of(code("000000"), 59), None);
    }

    /// only six ASCII digits are a code.
    #[test]
    fn other_texts_are_no_code() {
        for text in
            ["", "12345", "1234567", "12345a", "-12345", "+12345", "１２３４５６", "١٢٣٤٥٦", "12345\u{0}"]
        {
            assert!(Code::parse(text).is_err(), "{text}");
        }
        assert!(Code::parse(&" ".repeat(1 << 16)).is_err());
        assert_eq!((code("123 456").0, code("000001").0), (123_456, 1));
    }

    #[test]
    fn a_seed_is_written_as_apps_read_it() {
        let seed = Seed::from_bytes(RFC).unwrap();
        assert_eq!(seed.base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            seed.uri("Co Link", "ada+x@example.test").as_str(),
            "otpauth://totp/Co%20Link:ada%2Bx@example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Co%20Link&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{seed:?}{:?}", code("123456")), "Seed(…)Code(…)");
        assert!(Seed::from_bytes(&RFC[1..]).is_none());
    }
}
