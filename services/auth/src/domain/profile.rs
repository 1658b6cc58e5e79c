//! What may stand in a profile (A-12).

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::UserId;
use colink_core::text::{many_lines, one_line};
use serde::{Deserialize, Deserializer};

pub(crate) const BIO_MAX: usize = 500;
pub(crate) const TITLE_MAX: usize = 80;
pub(crate) const PRONOUNS_MAX: usize = 40;
pub(crate) const STATUS_MAX: usize = 100;
/// The longest that a status may be set for.
pub(crate) const STATUS_LASTS_MAX: Duration = Duration::from_secs(366 * 86_400);
const LOCALE_MAX: usize = 35;

/// What becomes of a value that may be absent. In JSON: left out, null, a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Edit<T> {
    /// The value after the edit.
    pub(crate) fn apply(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl Edit<String> {
    /// Checks a new text under its field's name; an empty one takes the value away, as null does.
    ///
    /// # Errors
    /// What `parse` refuses, under the field's name.
    pub(crate) fn checked<T>(
        self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Edit<T>, FieldError> {
        match self {
            Self::Keep => Ok(Edit::Keep),
            Self::Clear => Ok(Edit::Clear),
            Self::Set(text) if text.is_empty() => Ok(Edit::Clear),
            Self::Set(text) => parse(&text).map(Edit::Set).map_err(|reason| reason.at(name)),
        }
    }
}

/// Some lines about oneself.
pub(crate) fn bio(text: &str) -> Result<String, Invalid> {
    many_lines(text, 1..=BIO_MAX)
}

/// What one does, in a line.
pub(crate) fn title(text: &str) -> Result<String, Invalid> {
    one_line(text, 1..=TITLE_MAX)
}

/// How one is spoken of.
pub(crate) fn pronouns(text: &str) -> Result<String, Invalid> {
    one_line(text, 1..=PRONOUNS_MAX)
}

/// What one is doing, in a line.
pub(crate) fn status_text(text: &str) -> Result<String, Invalid> {
    one_line(text, 1..=STATUS_MAX)
}

/// A name of the IANA time zone database, such as `Europe/Berlin`.
pub(crate) fn time_zone(text: &str) -> Result<String, Invalid> {
    match chrono_tz::Tz::from_str(text) {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_unknown) => Err(Invalid::new("must be a time zone of the IANA database, such as Europe/Berlin")),
    }
}

/// A language tag of BCP 47 by its shape: `en`, `pt-BR`, `zh-Hant-TW`.
pub(crate) fn locale(text: &str) -> Result<String, Invalid> {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_subtag =
        |tag: &str| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.len() <= LOCALE_MAX && is_language && subtags.all(is_subtag) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("must be a language tag, such as en or pt-BR"))
    }
}

/// When a status ends: at a moment, or after a while.
///
/// # Errors
/// A refusal under the field's name: both are given, the moment is over, or it is more than a year away.
pub(crate) fn status_end(
    at: Option<DateTime<Utc>>,
    after_s: Option<i64>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, FieldError> {
    let most_s = i64::try_from(STATUS_LASTS_MAX.as_secs()).unwrap_or(i64::MAX);
    match (at, after_s) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(FieldError::new("expires_in_s", "must be left out when expires_at is given"))
        }
        (Some(at), None) if at > now && at <= now + STATUS_LASTS_MAX => Ok(Some(at)),
        (Some(_), None) => {
            Err(FieldError::new("expires_at", "must be in the future, and at most 366 days away"))
        }
        (None, Some(seconds)) if (1..=most_s).contains(&seconds) => {
            Ok(Some(now + Duration::from_secs(seconds.unsigned_abs())))
        }
        (None, Some(_)) => Err(FieldError::new("expires_in_s", format!("must be between 1 and {most_s}"))),
    }
}

/// Where clients load a picture, relative to the origin of the API. `key` is drawn anew with each picture: an address
/// can be guessed by nobody, always means the same bytes, and ends with the picture.
pub(crate) fn avatar_url(user_id: UserId, key: &str) -> String {
    format!("/api/users/{user_id}/avatar?v={key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A-12.
    #[test]
    fn time_zones_are_those_of_the_iana_database() {
        for good in ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"] {
            assert_eq!(time_zone(good).as_deref(), Ok(good));
        }
        for bad in ["europe/berlin", "Mars/Olympus", "CEST+2", " UTC", "Europe/Berlin\0"] {
            assert!(time_zone(bad).is_err(), "{bad}");
        }
    }

    /// A-12.
    #[test]
    fn locales_are_language_tags() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "gsw"] {
            assert!(locale(good).is_ok(), "{good}");
        }
        for bad in ["e", "english", "en_GB", "en-", "-en", "en-a", "en-123456789", "e\0"] {
            assert!(locale(bad).is_err(), "{bad}");
        }
    }

    /// A-12: every bound, and one beyond it.
    #[test]
    fn a_status_ends_in_the_future_and_within_a_year() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (second, year) = (Duration::from_secs(1), STATUS_LASTS_MAX);
        assert_eq!(status_end(None, None, now), Ok(None));
        assert_eq!(status_end(Some(now + second), None, now), Ok(Some(now + second)));
        assert_eq!(status_end(Some(now + year), None, now), Ok(Some(now + year)));
        assert_eq!(status_end(None, Some(1), now), Ok(Some(now + second)));
        assert_eq!(status_end(None, Some(31_622_400), now), Ok(Some(now + year)));
        let refused = [
            (Some(now), None),
            (Some(now + year + second), None),
            (None, Some(0)),
            (None, Some(-5)),
            (None, Some(31_622_401)),
            (None, Some(i64::MIN)),
            (Some(now + second), Some(1)),
        ];
        for (at, after) in refused {
            assert!(status_end(at, after, now).is_err(), "{at:?} {after:?}");
        }
    }

    #[test]
    fn left_out_null_and_a_value_differ() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            bio: Edit<String>,
        }
        let read = |text: &str| serde_json::from_str::<Body>(text).unwrap().bio;
        assert_eq!(read("{}"), Edit::Keep);
        assert_eq!(read(r#"{"bio":null}"#), Edit::Clear);
        assert_eq!(read(r#"{"bio":"x"}"#), Edit::Set("x".to_owned()));
        assert_eq!(Edit::Set(String::new()).checked("bio", bio), Ok(Edit::Clear));
    }
}
