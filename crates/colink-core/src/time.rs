//! The one shape of a moment: RFC 3339, UTC, exactly milliseconds (`2026-01-31T09:30:00.125Z`).
//!
//! A [`Timestamp`] is cut to milliseconds when it is made, so a value that was stored, sent and read
//! back is equal to the one that was kept.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Clock;
use crate::error::Invalid;

/// First and last millisecond that RFC 3339 can write: the years 0000 to 9999.
const FIRST_MS: i64 = -62_167_219_200_000;
const LAST_MS: i64 = 253_402_300_799_999;

/// A moment in UTC with millisecond precision, between the years 0000 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const UNIX_EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The clock's present moment.
    pub fn now(clock: &dyn Clock) -> Self {
        clock.now().into()
    }

    /// Milliseconds since the Unix epoch; what RFC 3339 cannot write is moved to the nearest end.
    pub fn from_millis(millis: i64) -> Self {
        let millis = millis.clamp(FIRST_MS, LAST_MS);
        Self(DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// Milliseconds since the Unix epoch, negative before it.
    pub fn as_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The same moment for chrono's arithmetic and for database parameters.
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// Reads any RFC 3339 text, with any offset and any precision.
    ///
    /// # Errors
    /// [`Invalid`] when the text is no RFC 3339 moment of the years 0000 to 9999.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = || Invalid::new("must be an RFC 3339 time such as 2026-01-31T09:30:00.000Z");
        let moment = DateTime::parse_from_rfc3339(text).ok().ok_or_else(refused)?;
        let millis = moment.timestamp_millis();
        if (FIRST_MS..=LAST_MS).contains(&millis) { Ok(Self::from_millis(millis)) } else { Err(refused()) }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::from_millis(moment.timestamp_millis())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(moment: Timestamp) -> Self {
        moment.0
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        Timestamp::parse(text).map_err(E::custom)
    }
}

/// `#[serde(with = "colink_core::time::rfc3339_millis")]` for a field that stays a `DateTime<Utc>`.
pub mod rfc3339_millis {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Timestamp;

    /// Writes the moment with exactly three decimals.
    ///
    /// # Errors
    /// Only what the serialiser itself reports.
    pub fn serialize<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        Timestamp::from(*moment).serialize(serializer)
    }

    /// Reads any RFC 3339 text.
    ///
    /// # Errors
    /// When the text is no RFC 3339 moment.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        Timestamp::deserialize(deserializer).map(DateTime::from)
    }
}

/// [`rfc3339_millis`] for an `Option<DateTime<Utc>>`; pair it with `#[serde(default)]`.
pub mod rfc3339_millis_option {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Timestamp;

    /// Writes the moment with exactly three decimals, or null.
    ///
    /// # Errors
    /// Only what the serialiser itself reports.
    pub fn serialize<S: Serializer>(moment: &Option<DateTime<Utc>>, s: S) -> Result<S::Ok, S::Error> {
        moment.map(Timestamp::from).serialize(s)
    }

    /// Reads any RFC 3339 text, or null.
    ///
    /// # Errors
    /// When the text is no RFC 3339 moment.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<Timestamp>::deserialize(d)?.map(DateTime::from))
    }
}
