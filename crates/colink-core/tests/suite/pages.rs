//! Cursors and pages.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use colink_core::page::{Cursor, CursorPage, PageLimit, TablePage, TableQuery};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    at: i64,
    id: String,
}

#[test]
fn a_limit_has_a_default_and_an_end() {
    assert_eq!(PageLimit::parse(None, 50, 100).unwrap().get(), 50);
    assert_eq!(PageLimit::parse(Some(100), 50, 100).unwrap().fetch(), 101);
    for limit in [0, 101, u32::MAX] {
        let refused = PageLimit::parse(Some(limit), 50, 100).unwrap_err();
        assert_eq!(refused.message(), "must be between 1 and 100");
    }
}

#[test]
fn a_page_has_a_cursor_only_when_more_follows() {
    let limit = PageLimit::parse(Some(2), 50, 100).unwrap();
    let page = CursorPage::from_rows(vec![1, 2, 3], limit, |row| *row).unwrap();
    assert_eq!(page.items, [1, 2]);
    assert_eq!(page.next_cursor.as_ref().unwrap().decode::<i32>().unwrap(), 2);
    let last = CursorPage::from_rows(vec![3, 4], limit, |row| *row).unwrap();
    assert_eq!((last.items.len(), &last.next_cursor), (2, &None));
    assert_eq!(serde_json::to_string(&last).unwrap(), r#"{"items":[3,4],"next_cursor":null}"#);
    assert_eq!(page.clone().map(|row| row.to_string()).items, ["1", "2"]);
    assert_eq!(page.clone().map(|row| row).next_cursor, page.next_cursor);
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let cursor = Cursor::encode(&Position { at: 1, id: "a".into() }).unwrap();
    assert!(cursor.decode::<Vec<i32>>().is_err());
    for text in ["", "%%%", "bm90IGpzb24", &"A".repeat(1025)] {
        assert!(Cursor::from_text(text).decode::<Position>().is_err(), "{text}");
    }
}

#[test]
fn a_table_names_every_bad_parameter() {
    let query = TableQuery::parse(None, None).unwrap();
    assert_eq!((query, query.page(), query.page_size()), (TableQuery::default(), 1, 20));
    let query = TableQuery::parse(Some(3), Some(50)).unwrap();
    assert_eq!((query.offset(), query.limit()), (100, 50));
    let refused = TableQuery::parse(Some(0), Some(101)).unwrap_err();
    let fields: Vec<&str> = refused.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["page", "page_size"]);
    let far = TableQuery::parse(Some(u32::MAX), Some(100)).unwrap();
    assert_eq!(far.offset(), i64::from(u32::MAX - 1) * 100);
}

#[test]
fn a_table_counts_its_pages() {
    let query = TableQuery::parse(Some(2), Some(10)).unwrap();
    for (total, pages) in [(-1, 0), (0, 0), (1, 1), (10, 1), (11, 2), (i64::MAX, 922_337_203_685_477_581)] {
        assert_eq!(TablePage::new(Vec::<i32>::new(), total, query).pages, pages, "{total}");
    }
    let page = TablePage::new(vec![1], 11, query).map(|row| row.to_string());
    let json = r#"{"items":["1"],"total":11,"page":2,"page_size":10,"pages":2}"#;
    assert_eq!(serde_json::to_string(&page).unwrap(), json);
}

/// The outcome of what does not wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// One look at the table does where it can: the last page says how many rows there are.
#[test]
fn a_table_is_counted_only_when_its_rows_do_not_tell() {
    let total = |page, rows: usize| {
        let query = TableQuery::parse(Some(page), Some(10)).unwrap();
        let (mut asked, items) = (false, vec![(); rows]);
        let count = async {
            asked = true;
            Ok::<_, Infallible>(40)
        };
        let Ok(page) = at_once(TablePage::counted(items, query, count)).unwrap();
        (page.total, asked)
    };
    assert_eq!(total(1, 0), (0, false), "an empty table");
    assert_eq!(total(1, 9), (9, false));
    assert_eq!(total(1, 10), (40, true), "there may be more");
    assert_eq!(total(3, 1), (21, false), "the last page");
    assert_eq!(total(3, 0), (40, true), "behind the last page");
    let (full, query) = (vec![(); 10], TableQuery::parse(None, Some(10)).unwrap());
    let refused = at_once(TablePage::counted(full, query, async { Err("away") })).unwrap();
    assert_eq!(refused.unwrap_err(), "away");
}

proptest! {
    #[test]
    fn any_position_survives_a_cursor(at: i64, id: String) {
        let position = Position { at, id };
        let cursor = Cursor::encode(&position).unwrap();
        prop_assert!(cursor.as_str().bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'));
        if cursor.as_str().len() <= Cursor::MAX {
            prop_assert_eq!(Cursor::from_text(cursor.to_string()).decode::<Position>().unwrap(), position);
        }
    }

    #[test]
    fn no_text_makes_a_cursor_panic(text: String) {
        let _ = Cursor::from_text(text).decode::<Position>();
    }

    #[test]
    fn pages_cover_a_feed_once(rows in 0_usize..60, limit in 1_u32..10) {
        let limit = PageLimit::parse(Some(limit), 1, 10).unwrap();
        let (mut seen, mut from) = (Vec::new(), 0);
        loop {
            let fetched: Vec<usize> = (from..rows).take(limit.fetch() as usize).collect();
            let page = CursorPage::from_rows(fetched, limit, |row| *row).unwrap();
            seen.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            from = cursor.decode::<usize>().unwrap() + 1;
        }
        prop_assert_eq!(seen, (0..rows).collect::<Vec<_>>());
    }
}
