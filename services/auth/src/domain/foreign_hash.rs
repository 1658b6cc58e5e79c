//! Password hashes that other systems made.

use colink_core::error::Invalid;

/// What bcrypt looks at: the rest of a password is not part of its hash.
pub(crate) const BCRYPT_BYTES: usize = 72;

/// Beyond this one check takes seconds.
const HIGHEST_COST: u8 = 14;
const LOWEST_COST: u8 = 4;
/// 22 of the salt and 31 of the hash.
const BCRYPT_TEXT: usize = 53;

/// Whether the text is a hash in bcrypt's form: `$2b$12$…`, with the letters a, b and y, which mean the same today.
pub(crate) fn is_bcrypt(text: &str) -> bool {
    bcrypt_cost(text).is_some()
}

/// Takes a hash to import: bcrypt or argon2id.
///
/// # Errors
/// [`Invalid`] when it is neither, or would take too long to check.
pub(crate) fn parse(text: &str) -> Result<String, Invalid> {
    match bcrypt_cost(text) {
        Some(LOWEST_COST..=HIGHEST_COST) => return Ok(text.to_owned()),
        Some(cost) => {
            return Err(Invalid::new(format!("has the cost {cost}, not {LOWEST_COST} to {HIGHEST_COST}")));
        }
        None => {}
    }
    let is_argon2id = argon2::password_hash::PasswordHash::new(text)
        .is_ok_and(|hash| hash.algorithm == argon2::Algorithm::Argon2id.ident() && hash.hash.is_some());
    if is_argon2id {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("is neither bcrypt ($2a$, $2b$, $2y$) nor argon2id ($argon2id$)"))
    }
}

fn bcrypt_cost(text: &str) -> Option<u8> {
    let rest = ["$2a$", "$2b$", "$2y$"].into_iter().find_map(|start| text.strip_prefix(start))?;
    let (cost, rest) = rest.split_once('$')?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    let is_hash = cost.len() == 2 && rest.len() == BCRYPT_TEXT && rest.bytes().all(known);
    cost.parse().ok().filter(|_| is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie";

    /// the three letters of bcrypt, argon2id, and nothing else.
    #[test]
    fn known_hashes_are_taken() {
        for letter in ["a", "b", "y"] {
            assert!(parse(&BCRYPT.replace("$2b", &format!("$2{letter}"))).is_ok());
        }
        assert!(parse("$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$b2RqcGtlcnhtc3Zqd3F6a2xjdmJubWFzZGZnaGprbDE").is_ok());
        for other in [
            "",
            "secret",
            "$2x$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie",
            "$2b$4$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie",
            "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxci",
            "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxci!",
            "$argon2i$v=19$m=64,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$b2RqcGtlcnhtc3Zqd3F6a2xjdmJubWFzZGZnaGprbDE",
            "5f4dcc3b5aa765d61d8327deb882cf99",
        ] {
            assert!(parse(other).is_err(), "{other}");
        }
    }

    /// a cost that would hold a thread for seconds is refused.
    #[test]
    fn the_cost_is_bounded() {
        for (cost, taken) in [("03", false), ("04", true), ("14", true), ("15", false), ("31", false)] {
            assert_eq!(parse(&BCRYPT.replace("$04$", &format!("${cost}$"))).is_ok(), taken, "{cost}");
        }
    }
}
