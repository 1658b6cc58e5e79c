//! The filters of a search, whether they came as operators in `q` or as parameters.

use chrono::{DateTime, Days, NaiveDate, Utc};
use colink_core::error::Invalid;
use colink_core::time::Timestamp;

/// A filter's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `from:ada`
    From,
    /// `in:general`
    In,
    /// `before:2026-01-31`
    Before,
    /// `after:2026-01-31`
    After,
    /// `on:2026-01-31`
    On,
    /// `has:link`
    Has,
    /// `is:thread`
    Is,
}

impl Operator {
    /// The operator of this name, in any case; none when a colon only stands in a text.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let known = [Self::From, Self::In, Self::Before, Self::After, Self::On, Self::Has, Self::Is];
        known.into_iter().find(|operator| operator.name().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::In => "in",
            Self::Before => "before",
            Self::After => "after",
            Self::On => "on",
            Self::Has => "has",
            Self::Is => "is",
        }
    }
}

/// Names that a filter takes and leaves out, in lower case, without `@` and `#`. Ids are names too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Any of these.
    pub(crate) wanted: Vec<String>,
    /// None of these.
    pub(crate) unwanted: Vec<String>,
}

impl Names {
    fn add(&mut self, name: &str, negated: bool) {
        let name = name.trim().trim_start_matches(['@', '#']).to_lowercase();
        let list = if negated { &mut self.unwanted } else { &mut self.wanted };
        list.push(name);
    }
}

/// What must be true of a result beside its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    /// Who wrote it.
    pub(crate) from: Names,
    /// Where it is.
    pub(crate) within: Names,
    /// Written before this moment.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Written at this moment or after it.
    pub(crate) since: Option<DateTime<Utc>>,
    /// It names a web address.
    pub(crate) link: Option<bool>,
    /// It shows files.
    pub(crate) file: Option<bool>,
    /// Somebody reacted.
    pub(crate) reaction: Option<bool>,
    /// It is a reply.
    pub(crate) thread: Option<bool>,
    /// It is pinned.
    pub(crate) pinned: Option<bool>,
}

impl Filters {
    /// Adds a filter. Names add up (any of them); times narrow.
    ///
    /// # Errors
    /// [`Invalid`] when the operator does not take the value.
    pub(crate) fn add(&mut self, operator: Operator, value: &str, negated: bool) -> Result<(), Invalid> {
        match operator {
            Operator::From => self.from.add(value, negated),
            Operator::In => self.within.add(value, negated),
            Operator::Has => *self.possession(value)? = Some(!negated),
            Operator::Is => *self.condition(value)? = Some(!negated),
            Operator::Before | Operator::After | Operator::On if negated => {
                return Err(Invalid::new("cannot be negated: use before and after"));
            }
            Operator::Before => self.end(moment(value)?.0),
            Operator::After => self.begin(moment(value)?.1),
            Operator::On => {
                let (begin, end) = day(value)?;
                self.begin(begin);
                self.end(end);
            }
        }
        Ok(())
    }

    fn possession(&mut self, value: &str) -> Result<&mut Option<bool>, Invalid> {
        match value.to_ascii_lowercase().as_str() {
            "link" => Ok(&mut self.link),
            "file" => Ok(&mut self.file),
            "reaction" => Ok(&mut self.reaction),
            _ => Err(Invalid::new("must be link, file or reaction")),
        }
    }

    fn condition(&mut self, value: &str) -> Result<&mut Option<bool>, Invalid> {
        match value.to_ascii_lowercase().as_str() {
            "thread" => Ok(&mut self.thread),
            "pinned" => Ok(&mut self.pinned),
            _ => Err(Invalid::new("must be thread or pinned")),
        }
    }

    fn end(&mut self, at: DateTime<Utc>) {
        self.until = Some(self.until.map_or(at, |known| known.min(at)));
    }

    fn begin(&mut self, at: DateTime<Utc>) {
        self.since = Some(self.since.map_or(at, |known| known.max(at)));
    }
}

/// A day or a moment: where it begins and what follows it.
fn moment(text: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Invalid> {
    if let Ok(moment) = Timestamp::parse(text) {
        let next = Timestamp::from_millis(moment.as_millis().saturating_add(1));
        return Ok((moment.as_datetime(), next.as_datetime()));
    }
    day(text)
}

/// A day in UTC: its beginning and that of the next.
fn day(text: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Invalid> {
    let refused = || Invalid::new("must be a day such as 2026-01-31");
    let shaped = text.len() == "2026-01-31".len();
    let day = shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    let day = day.ok_or_else(refused)?;
    let next = day.checked_add_days(Days::new(1)).ok_or_else(refused)?;
    let start = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    Ok((start(day), start(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<DateTime<Utc>> {
        Timestamp::parse(text).ok().map(Timestamp::as_datetime)
    }

    #[test]
    fn days_are_whole_and_moments_exact() {
        let mut filters = Filters::default();
        filters.add(Operator::After, "2026-01-30", false).unwrap();
        filters.add(Operator::Before, "2026-02-02T10:00:00Z", false).unwrap();
        assert_eq!(filters.since, at("2026-01-31T00:00:00Z"));
        assert_eq!(filters.until, at("2026-02-02T10:00:00Z"));
        filters.add(Operator::On, "2026-02-01", false).unwrap();
        assert_eq!(filters.since, at("2026-02-01T00:00:00Z"));
        assert_eq!(filters.until, at("2026-02-02T00:00:00Z"));
    }

    #[test]
    fn what_no_operator_takes_is_refused() {
        let mut filters = Filters::default();
        for (operator, value) in [
            (Operator::On, "2026-13-01"),
            (Operator::On, "2026-01-31T10:00:00Z"),
            (Operator::Before, "soon"),
            (Operator::After, "12026-01-01"),
            (Operator::Has, "money"),
            (Operator::Is, "late"),
        ] {
            assert!(filters.add(operator, value, false).is_err(), "{operator:?} {value}");
        }
        assert!(filters.add(Operator::On, "2026-01-31", true).is_err());
        assert_eq!(filters, Filters::default());
    }
}
