//! `[passwords]`: what a new password must have.

use serde::Deserialize;

use super::LONGEST;

/// Which school the policy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordStyle {
    /// Few characters, of several kinds.
    Composition,
    /// Many characters, of any kind (NIST SP 800-63B).
    Nist,
}

/// `[passwords]`: what a new password must be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Whether upper case, digit and special character are asked for.
    pub style: PasswordStyle,
    /// Fewest characters; 0 for the style's own: 8 or 15.
    pub min_length: u16,
    /// Most characters.
    pub max_length: u16,
}

impl PasswordPolicy {
    /// Fewest characters.
    pub(crate) fn shortest(self) -> u16 {
        self.min_length.max(self.least())
    }

    /// Whether the limits make sense together.
    pub(crate) fn is_sound(self) -> bool {
        usize::from(self.max_length) <= LONGEST && self.max_length >= 64 && self.shortest() <= self.max_length
    }

    /// What the style asks at least.
    fn least(self) -> u16 {
        match self.style {
            PasswordStyle::Composition => 8,
            PasswordStyle::Nist => 15,
        }
    }

    /// What the text lacks, as the ends of "must have …".
    pub(super) fn missing(self, text: &str) -> Vec<String> {
        let mut missing = Vec::new();
        let length = text.chars().count();
        if length < usize::from(self.shortest()) {
            missing.push(format!("at least {} characters", self.shortest()));
        }
        if length > usize::from(self.max_length) {
            missing.push(format!("at most {} characters", self.max_length));
        }
        if self.style == PasswordStyle::Composition {
            let asked = [
                ("an upper case letter", text.chars().any(char::is_uppercase)),
                ("a digit", text.chars().any(|c| c.is_ascii_digit())),
                ("a special character", text.chars().any(is_special)),
            ];
            missing.extend(asked.iter().filter(|(_, there)| !there).map(|(what, _)| (*what).to_owned()));
        }
        missing
    }
}

fn is_special(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// the style's own length is the least; a configured one can only ask for more.
    #[test]
    fn the_length_is_at_least_that_of_the_style() {
        let policy = |style, min_length| PasswordPolicy { style, min_length, max_length: 128 };
        let lengths = [
            policy(PasswordStyle::Composition, 0),
            policy(PasswordStyle::Composition, 10),
            policy(PasswordStyle::Nist, 0),
            policy(PasswordStyle::Nist, 8),
        ];
        assert_eq!(lengths.map(PasswordPolicy::shortest), [8, 10, 15, 15]);
        assert!(lengths.iter().all(|policy| policy.is_sound()));
        assert!(!policy(PasswordStyle::Nist, 129).is_sound());
    }
}
