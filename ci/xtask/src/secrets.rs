//! Secrets of a development fleet: made once, kept in `.colink/secrets`, readable by their owner only.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::env_file;
use crate::failure::{Failure, OrFail, Outcome};
use crate::layout::Layout;

/// Random bytes in a secret.
const BYTES: usize = 32;

/// The secrets of this checkout.
#[derive(Debug, Clone)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Reads the secrets and makes the missing ones of `names`.
    pub(crate) fn load(layout: &Layout, names: &[String]) -> Outcome<Self> {
        let path = layout.state.join("secrets");
        let mut pairs = env_file::parse(&fs::read_to_string(&path).unwrap_or_default());
        let known = pairs.len();
        for name in names {
            if env_file::lookup(&pairs, name).is_none() {
                pairs.push((name.clone(), random()?));
            }
        }
        if pairs.len() > known {
            let mut options = File::options();
            options.create(true).write(true).truncate(true).mode(0o600);
            options
                .open(&path)
                .and_then(|mut file| file.write_all(env_file::render(&pairs).as_bytes()))
                .or_fail(|| format!("write {}", path.display()))?;
        }
        Ok(Self(pairs))
    }

    /// The secret `name`.
    pub(crate) fn get(&self, name: &str) -> Outcome<&str> {
        env_file::lookup(&self.0, name).ok_or_else(|| Failure::new(format!("there is no secret {name}")))
    }
}

fn random() -> Outcome<String> {
    let mut bytes = [0_u8; BYTES];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .or_fail(|| "read /dev/urandom".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let (one, two) = (random().unwrap(), random().unwrap());
        assert_eq!(one.len(), BYTES * 2);
        assert_ne!(one, two);
    }
}
