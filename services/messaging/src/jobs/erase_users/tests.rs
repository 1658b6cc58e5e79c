use std::collections::{BTreeMap, BTreeSet};

use colink_test::TestDatabase;
use sqlx::AssertSqlSafe;

use super::*;
use crate::store::erasure::fixture;

/// More than two pages of each statement.
const MESSAGES: i64 = 12_000;

/// Rows that say the word, whatever its capitals, by table.
async fn named(pool: &PgPool, word: &str) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select source, count(*) from (
             select 'messages' as source, m::text as text from messages m
             union all select 'message_edits', e::text from message_edits e
             union all select 'channel_events', v::text from channel_events v
             union all select 'users', u::text from users u
         ) x where text ~* $1 group by source",
    )
    .bind(word)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Each row with the transaction that wrote it.
async fn rows(pool: &PgPool) -> BTreeSet<(String, String)> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select 'messages', concat(id, xmin) from messages
         union all select 'message_edits', concat(message_id, replaced_seq, xmin) from message_edits
         union all select 'channel_events', concat(channel_id, seq, ' ', xmin) from channel_events",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}

/// every page of all that names an erased user is rewritten, nothing else is, and nothing a second time.
#[actix_web::test]
async fn only_what_names_an_erased_user_is_written() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let zoe = fixture::erased(&pool, "zoe").await;
    fixture::texts(&pool, zoe, "zoe", MESSAGES).await;
    let before = rows(&pool).await;
    assert!(once(&pool).await);
    assert_eq!(named(&pool, "zoe").await, []);

    let after = rows(&pool).await;
    let mut written: BTreeMap<&str, i64> = BTreeMap::new();
    for (table, _) in after.difference(&before) {
        *written.entry(table).or_default() += 1;
    }
    // Of 40 messages 2 are his own, 2 mention him and 4 named him before they were deleted. Of their 8 earlier wordings one
    // is forgotten. Two events tell of each of his own, one of each mention, and one of each earlier wording in what is
    // neither deleted nor his.
    let expected = [("channel_events", 8), ("message_edits", 7), ("messages", 8)];
    let expected = expected.map(|(table, of_forty)| (table, MESSAGES / 40 * of_forty));
    assert_eq!(written, BTreeMap::from(expected));

    let again = "update users set former_username = 'zoe' where user_id = $1";
    sqlx::query(again).bind(zoe.as_uuid()).execute(&pool).await.unwrap();
    assert!(once(&pool).await);
    assert_eq!(rows(&pool).await, after);
    database.drop_now().await;
}

/// one who cannot be taken out keeps nobody else in, whoever comes first, and is taken out when he can be.
#[actix_web::test]
async fn an_erasure_that_fails_is_its_own_affair() {
    for (stuck, other) in [("zoe", "ivo"), ("ivo", "zoe")] {
        let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
        let pool = database.pool();
        let (zoe, ivo) = (fixture::erased(&pool, "zoe").await, fixture::erased(&pool, "ivo").await);
        fixture::texts(&pool, zoe, "zoe", 40).await;
        fixture::texts(&pool, ivo, "ivo", 40).await;
        let refused = if stuck == "zoe" { zoe } else { ivo };
        let refuse = format!(
            "create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
             create trigger refuse before update on messages for each row when (old.author_id = '{refused}')
                 execute function refuse()"
        );
        sqlx::raw_sql(AssertSqlSafe(refuse)).execute(&pool).await.unwrap();
        assert!(!once(&pool).await);
        assert_eq!(named(&pool, other).await, []);
        assert!(!named(&pool, stuck).await.is_empty());

        sqlx::raw_sql("drop trigger refuse on messages").execute(&pool).await.unwrap();
        assert!(once(&pool).await);
        assert_eq!(named(&pool, stuck).await, []);
        database.drop_now().await;
    }
}
