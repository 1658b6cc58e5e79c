//! From columns to the types of the domain.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use colink_core::error::Invalid;
use colink_core::time::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// An id.
pub(super) fn id<T: From<Uuid>>(row: &PgRow, column: &str) -> Result<T> {
    row.try_get::<Uuid, _>(column).map(T::from)
}

/// A role or a kind.
pub(super) fn word<T: FromStr<Err = Invalid>>(row: &PgRow, column: &str) -> Result<T> {
    parse(column, row.try_get(column)?)
}

/// A role that may be absent.
pub(super) fn optional_word<T: FromStr<Err = Invalid>>(row: &PgRow, column: &str) -> Result<Option<T>> {
    row.try_get::<Option<&str>, _>(column)?.map(|text| parse(column, text)).transpose()
}

/// A moment.
pub(super) fn time(row: &PgRow, column: &str) -> Result<Timestamp> {
    row.try_get::<DateTime<Utc>, _>(column).map(Timestamp::from)
}

/// A moment that may be absent.
pub(super) fn optional_time(row: &PgRow, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<DateTime<Utc>>, _>(column)?.map(Timestamp::from))
}

fn parse<T: FromStr<Err = Invalid>>(column: &str, text: &str) -> Result<T> {
    text.parse().map_err(|reason: Invalid| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(reason),
    })
}
