//! The two shapes of a list: a feed walked by an opaque cursor, and a table of numbered pages.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{FieldError, Invalid};

/// A place in a feed: base64url of a position as JSON. Callers hand it back and never look inside.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, max_length = 1024, example = "eyJhdCI6MTc2NzIyNTYwMDAwMH0")]
pub struct Cursor(String);

/// A position that cannot be written as JSON, such as a map with keys that are no strings.
#[derive(Debug, thiserror::Error)]
#[error("a list position cannot be written as JSON")]
pub struct EncodeError(#[from] serde_json::Error);

impl Cursor {
    /// Longest cursor that is read, in bytes.
    pub const MAX: usize = 1024;

    /// Wraps a position.
    ///
    /// # Errors
    /// [`EncodeError`] when `position` has no JSON form.
    pub fn encode<T: Serialize>(position: &T) -> Result<Self, EncodeError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position)?)))
    }

    /// Takes the text a caller handed back; [`Cursor::decode`] looks whether it is one.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The position inside.
    ///
    /// # Errors
    /// [`Invalid`] when the text was not made by [`Cursor::encode`] from a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Invalid> {
        let bytes = (self.0.len() <= Self::MAX).then(|| URL_SAFE_NO_PAD.decode(&self.0).ok()).flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
            Invalid::new(
                "is not a cursor of this list: send next_cursor of the previous page, or leave it out",
            )
        })
    }

    /// The opaque text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many items one page of a feed holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

impl PageLimit {
    /// Takes the caller's `limit`, or `default` when there is none.
    ///
    /// # Errors
    /// [`Invalid`] when it is 0 or more than `max`.
    pub fn parse(limit: Option<u32>, default: u32, max: u32) -> Result<Self, Invalid> {
        match limit.unwrap_or(default) {
            limit if (1..=max).contains(&limit) => Ok(Self(limit)),
            _ => Err(Invalid::new(format!("must be between 1 and {max}"))),
        }
    }

    /// The number of items.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// One row more than the page holds: the row that tells whether there is a next page.
    pub const fn fetch(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// One page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CursorPage<T> {
    /// The items, in the order of the feed.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last page.
    #[schema(value_type = Option<String>)]
    pub next_cursor: Option<Cursor>,
}

impl<T> CursorPage<T> {
    /// Makes a page of up to [`PageLimit::fetch`] rows. When the extra row is there, it is dropped and
    /// the cursor is the position of the last row that is kept.
    ///
    /// # Errors
    /// [`EncodeError`] when a position has no JSON form.
    pub fn from_rows<P: Serialize>(
        mut rows: Vec<T>,
        limit: PageLimit,
        position: impl FnOnce(&T) -> P,
    ) -> Result<Self, EncodeError> {
        let kept = limit.get() as usize;
        let more = rows.len() > kept;
        rows.truncate(kept);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.map(|row| Cursor::encode(&position(row))).transpose()?;
        Ok(Self { items: rows, next_cursor })
    }

    /// The same page of something else, such as views in place of rows.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> CursorPage<U> {
        CursorPage { items: self.items.into_iter().map(view).collect(), next_cursor: self.next_cursor }
    }
}

/// Which numbered page of a table is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableQuery {
    page: u32,
    page_size: u32,
}

impl TableQuery {
    /// Page size when none is asked for.
    pub const DEFAULT_SIZE: u32 = 20;
    /// Largest page size.
    pub const MAX_SIZE: u32 = 100;

    /// Takes the parameters `page` (from 1) and `page_size`.
    ///
    /// # Errors
    /// One [`FieldError`] for each that is out of range.
    pub fn parse(page: Option<u32>, page_size: Option<u32>) -> Result<Self, Vec<FieldError>> {
        let page = page.unwrap_or(1);
        let page_size = page_size.unwrap_or(Self::DEFAULT_SIZE);
        let mut refused = Vec::new();
        if page == 0 {
            refused.push(FieldError::new("page", "must be 1 or more"));
        }
        if !(1..=Self::MAX_SIZE).contains(&page_size) {
            let message = format!("must be between 1 and {}", Self::MAX_SIZE);
            refused.push(FieldError::new("page_size", message));
        }
        if refused.is_empty() { Ok(Self { page, page_size }) } else { Err(refused) }
    }

    /// The page's number, from 1.
    pub const fn page(self) -> u32 {
        self.page
    }

    /// Rows a page.
    pub const fn page_size(self) -> u32 {
        self.page_size
    }

    /// Rows before the page, for `OFFSET`.
    pub const fn offset(self) -> i64 {
        self.page.saturating_sub(1) as i64 * self.page_size as i64
    }

    /// Rows of the page, for `LIMIT`.
    pub const fn limit(self) -> i64 {
        self.page_size as i64
    }

    /// How many rows there are, as far as a page of `rows` rows tells: one that is not full is the last, and an empty one behind
    /// the first tells nothing.
    fn total(self, rows: usize) -> Option<i64> {
        let rows = i64::try_from(rows).ok()?;
        let is_last = rows < self.limit() && (rows > 0 || self.page <= 1);
        is_last.then(|| self.offset().saturating_add(rows))
    }
}

impl Default for TableQuery {
    fn default() -> Self {
        Self { page: 1, page_size: Self::DEFAULT_SIZE }
    }
}

/// One numbered page of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TablePage<T> {
    /// The rows of this page; none behind the last page.
    pub items: Vec<T>,
    /// Rows of all pages.
    pub total: u64,
    /// This page's number, from 1.
    pub page: u32,
    /// Rows a page.
    pub page_size: u32,
    /// Number of pages; 0 when there are no rows.
    pub pages: u64,
}

impl<T> TablePage<T> {
    /// Makes the page that `query` asked for; a negative `total` counts as 0.
    pub fn new(items: Vec<T>, total: i64, query: TableQuery) -> Self {
        let total = u64::try_from(total).unwrap_or(0);
        let pages = total.div_ceil(u64::from(query.page_size.max(1)));
        Self { items, total, page: query.page, page_size: query.page_size, pages }
    }

    /// The same, and waits for `count` only where the rows do not tell how many there are: most tables fit on one page.
    ///
    /// # Errors
    /// Those of `count`.
    pub async fn counted<E>(
        items: Vec<T>,
        query: TableQuery,
        count: impl Future<Output = Result<i64, E>>,
    ) -> Result<Self, E> {
        let total = match query.total(items.len()) {
            Some(total) => total,
            None => count.await?,
        };
        Ok(Self::new(items, total, query))
    }

    /// The same page of something else, such as views in place of rows.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> TablePage<U> {
        let Self { items, total, page, page_size, pages } = self;
        TablePage { items: items.into_iter().map(view).collect(), total, page, page_size, pages }
    }
}
