//! [`Sealer`]: plain bytes in, an envelope out, and back.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::config::SecretsConfig;

/// The first byte of an envelope of this layout.
const LAYOUT: u8 = 1;
const NONCE: usize = 24;
const KEY: usize = 32;
/// Longest name of a key.
const ID_MAX: usize = 32;

/// Why nothing was sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The configuration names no key, or one that is none.
    #[error(
        "secrets.keys needs `id:64 hex digits`, separated by commas, each id once: make one with `openssl rand -hex 32`"
    )]
    Keys,
    /// The envelope names a key that is not configured.
    #[error("the key `{0}` is not among secrets.keys: put it back until `rotate-keys` is through")]
    UnknownKey(String),
    /// No envelope, an altered one, or one of another row.
    #[error("the sealed value does not open")]
    Broken,
}

/// Seals with the first key, opens with all. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Sealer(Arc<Vec<SealingKey>>);

struct SealingKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    fn read(entry: &str) -> Option<Self> {
        let (id, digits) = entry.split_once(':')?;
        let named = (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let mut bytes = Zeroizing::new([0_u8; KEY]);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
        named.then(|| Self { id: id.to_owned(), cipher: XChaCha20Poly1305::new(bytes.as_ref().into()) })
    }

    /// What every envelope of this key begins with.
    fn head(&self) -> Vec<u8> {
        let length = u8::try_from(self.id.len()).unwrap_or_default();
        [&[LAYOUT, length], self.id.as_bytes()].concat()
    }
}

impl Sealer {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`SealError::Keys`].
    pub fn new(config: &SecretsConfig) -> Result<Self, SealError> {
        let keys =
            config.entries().map(SealingKey::read).collect::<Option<Vec<_>>>().ok_or(SealError::Keys)?;
        let repeated = keys.iter().enumerate().any(|(at, key)| keys.iter().take(at).any(|k| k.id == key.id));
        if keys.is_empty() || repeated { Err(SealError::Keys) } else { Ok(Self(Arc::new(keys))) }
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn current(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// The names of all keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// Seals `plain` for the place that `context` names: table, column and row.
    ///
    /// # Errors
    /// [`SealError::Broken`] when the text is longer than the cipher takes (256 GiB).
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.0.first().ok_or(SealError::Keys)?;
        let mut envelope = key.head();
        let (nonce, aad) = (rand::random::<[u8; NONCE]>(), aad(&envelope, context));
        let payload = Payload { msg: plain, aad: &aad };
        // The cipher says nothing about why.
        let ciphertext = key.cipher.encrypt(&XNonce::from(nonce), payload).or(Err(SealError::Broken))?;
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&ciphertext);
        Ok(envelope)
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], [`SealError::Broken`].
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, nonce, ciphertext) = split(sealed).ok_or(SealError::Broken)?;
        let id = head.get(2..).unwrap_or_default();
        let key = self.0.iter().find(|key| key.id.as_bytes() == id);
        let key = key.ok_or_else(|| SealError::UnknownKey(String::from_utf8_lossy(id).into_owned()))?;
        let payload = Payload { msg: ciphertext, aad: &aad(head, context) };
        let plain = key.cipher.decrypt(&XNonce::from(*nonce), payload).or(Err(SealError::Broken))?;
        Ok(Zeroizing::new(plain))
    }

    /// Whether the envelope was made with the key that seals now.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        self.0.first().is_some_and(|key| sealed.starts_with(&key.head()))
    }
}

/// Head, nonce and ciphertext of an envelope.
fn split(sealed: &[u8]) -> Option<(&[u8], &[u8; NONCE], &[u8])> {
    let (&[layout, length], rest) = sealed.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_at_checked(length.into())?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
    let head = sealed.get(..2 + usize::from(length))?;
    (layout == LAYOUT).then_some((head, nonce, ciphertext))
}

fn aad(head: &[u8], context: &str) -> Vec<u8> {
    [head, context.as_bytes()].concat()
}

/// The names of the keys, and nothing of them.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    fn sealer(ids: &[&str]) -> Sealer {
        let byte = |id: &str| id.bytes().map(u32::from).sum::<u32>() % 256;
        let entries: Vec<_> =
            ids.iter().map(|id| format!("{id}:{}", format!("{:02x}", byte(id)).repeat(32))).collect();
        Sealer::new(&SecretsConfig::new(entries.join(", "))).unwrap()
    }

    /// A-13: begins with the old key, ends with the old key gone.
    #[test]
    fn an_old_key_opens_until_it_is_taken_out() {
        let sealed = sealer(&["old"]).seal("t.c/1", b"seed").unwrap();
        let both = sealer(&["new", "old"]);
        assert_eq!(both.open("t.c/1", &sealed).unwrap().as_slice(), b"seed");
        assert!(!both.is_current(&sealed));
        let again = both.seal("t.c/1", b"seed").unwrap();
        assert!(both.is_current(&again));
        let new = sealer(&["new"]);
        assert_eq!(new.open("t.c/1", &again).unwrap().as_slice(), b"seed");
        assert_eq!(new.open("t.c/1", &sealed), Err(SealError::UnknownKey("old".to_owned())));
    }

    #[test]
    fn a_key_whose_name_begins_like_another_is_another() {
        let sealed = sealer(&["k1"]).seal("t.c/1", b"seed").unwrap();
        assert!(!sealer(&["k", "k1"]).is_current(&sealed));
        assert!(!sealer(&["k12", "k1"]).is_current(&sealed));
    }

    #[test]
    fn two_envelopes_of_one_secret_differ() {
        let sealer = sealer(&["k"]);
        assert_ne!(sealer.seal("c", b"seed").unwrap(), sealer.seal("c", b"seed").unwrap());
    }

    /// A-13: another row's value, an altered one and a cut one do not open.
    #[test]
    fn what_was_moved_or_altered_does_not_open() {
        let sealer = sealer(&["k"]);
        let sealed = sealer.seal("t.c/1", b"seed").unwrap();
        assert_eq!(sealer.open("t.c/2", &sealed), Err(SealError::Broken));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(sealer.open("t.c/1", &altered).is_err(), "byte {at}");
            assert!(sealer.open("t.c/1", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let good = "ab".repeat(32);
        for keys in [
            "",
            "k",
            "k:",
            "k:abcd",
            &format!(":{good}"),
            &format!("k:{good}, k:{good}"),
            &format!("k:{good}0"),
        ] {
            assert_eq!(Sealer::new(&SecretsConfig::new(keys)).unwrap_err(), SealError::Keys, "{keys}");
        }
        let shown = format!("{:?}", Sealer::new(&SecretsConfig::new(format!("k:{good}"))).unwrap());
        assert_eq!(shown, r#"["k"]"#);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(plain in any::<Vec<u8>>(), context in any::<String>()) {
            let sealer = sealer(&["k"]);
            let sealed = sealer.seal(&context, &plain).unwrap();
            assert_eq!(sealer.open(&context, &sealed).unwrap().as_slice(), plain);
        }

        #[test]
        fn any_bytes_may_be_offered(sealed in any::<Vec<u8>>()) {
            assert!(sealer(&["k"]).open("c", &sealed).is_err());
        }
    }
}
