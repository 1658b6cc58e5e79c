//! What a user is found by: the mail address and the user name.

use std::hash::{Hash, Hasher};

use unicode_normalization::UnicodeNormalization;

use crate::error::Invalid;
use crate::text::value::{text_type, text_value};

/// A mail address. Two are equal when their normalised forms are: of the part before the `@` NFKC and folded case, of the
/// domain the ASCII form that the DNS knows (UTS #46, `müller.de` is `xn--mller-kva.de`). That form is what is unique,
/// stored for look-up and written to JSON. Mail goes to the address as it was given, but for a domain in other scripts,
/// which is written in ASCII.
#[derive(Debug, Clone)]
pub struct Email {
    given: String,
    normalised: String,
}

impl Email {
    /// Longest address, in bytes (RFC 5321 §4.5.3.1.3).
    pub const MAX: usize = 254;
    /// Longest part before the `@`, in bytes.
    const MAX_LOCAL: usize = 64;
    /// Longest label of the domain, in bytes.
    const MAX_LABEL: usize = 63;

    /// Takes `local@domain` with a dot in the domain; outer white space is cut off. Quoted local parts
    /// and address literals are refused.
    ///
    /// # Errors
    /// [`Invalid`] when it is no such address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let given = text.trim();
        if given.is_empty() {
            return Err(Invalid::required());
        }
        Self::read(given).ok_or_else(|| Invalid::new("must be a mail address such as name@example.com"))
    }

    fn read(given: &str) -> Option<Self> {
        // Normalising is work: nothing longer than an address is normalised.
        let (local, domain) = given.split_once('@').filter(|_| given.len() <= Self::MAX)?;
        let ascii = ascii_domain(domain)?;
        let normalised = format!("{}@{ascii}", folded(local));
        // As it is to stand in a mail (RFC 6532 §3.1).
        let domain = if domain.is_ascii() { domain } else { ascii.as_str() };
        let given = format!("{}@{domain}", local.nfc());
        (is_address(&given) && is_address(&normalised)).then_some(Self { given, normalised })
    }

    /// The normalised address.
    pub fn as_str(&self) -> &str {
        &self.normalised
    }

    /// The address to send mail to.
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// The normalised address, for a store.
    pub fn into_string(self) -> String {
        self.normalised
    }

    /// The part before the `@`, normalised.
    pub fn local(&self) -> &str {
        self.normalised.split_once('@').map_or("", |(local, _)| local)
    }

    /// The part behind the `@`, in ASCII.
    pub fn domain(&self) -> &str {
        self.normalised.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.normalised == other.normalised
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised.hash(state);
    }
}

text_value!(Email, 3, Self::MAX, None, "ada@example.com");

/// NFKC with folded case. Upper case first: `ß` and `ss`, `ς` and `σ` are one letter each then, as in Unicode's full case
/// folding.
fn folded(text: &str) -> String {
    let upper = text.nfkc().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfkc().collect()
}

/// The form of the DNS: lower case, every label in ASCII.
fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3).ok()?;
    Some(ascii.into_owned())
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= Email::MAX && is_local(local) && is_domain(domain)
}

/// The `dot-atom` of RFC 5322 §3.2.3 with RFC 6532's letters of all scripts.
fn is_local(local: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= Email::MAX_LOCAL
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(known))
}

fn is_domain(domain: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || c == '-';
    let is_label = |label: &str| {
        (1..=Email::MAX_LABEL).contains(&label.len())
            && label.chars().all(known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

text_type! {
    /// The name a user is mentioned by.
    Username, 3, 32, Some("^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$"), "ada.lovelace"
}

/// What a mention means instead of a user.
const RESERVED: [&str; 4] = ["all", "channel", "everyone", "here"];

impl Username {
    /// Takes 3 to 32 of `[a-z0-9._-]`; capitals become small, outer white space is cut off. It neither
    /// begins nor ends with a dot or hyphen, so that a mention can be followed by one.
    ///
    /// # Errors
    /// [`Invalid`] when it is anything else, or a word that mentions many (`all`, `channel`, `everyone`,
    /// `here`).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Err(Invalid::required());
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(Invalid::new("is reserved: choose another one"));
        }
        let known = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        let edges = name.starts_with(['.', '-']) || name.ends_with(['.', '-']);
        if (Self::MIN..=Self::MAX).contains(&name.len()) && name.bytes().all(known) && !edges {
            Ok(Self(name))
        } else {
            Err(Invalid::new(
                "must have 3 to 32 letters, digits, dots, underscores or hyphens, with no dot or hyphen at either end",
            ))
        }
    }
}
