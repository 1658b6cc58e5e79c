use colink_core::clock::SystemClock;
use colink_test::TestDatabase;
use sqlx::AssertSqlSafe;

use super::*;

async fn plan(pool: &PgPool, channel: Uuid, before: i64) -> String {
    let explain = format!("explain (analyze, costs off, timing off, summary off) {NEWER_TO_OLDER}");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(explain)).bind(Uuid::nil()).bind(channel);
    query.bind(before).bind(50_i64).bind(0_i64).fetch_all(pool).await.unwrap().join("\n")
}

/// M-9: a page from the middle of 100,000 messages is read from the index and from nothing else, and no more rows of the
/// channel are touched than the page has.
#[actix_web::test]
async fn a_page_is_read_from_the_index() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let channel = ChannelId::generate(&SystemClock).as_uuid();
    sqlx::query(
        "insert into messages (id, channel_id, workspace_id, seq, changed_seq, in_channel, author_id, fingerprint,
                               content, content_html, created_at)
         select gen_random_uuid(), case when n % 10 = 0 then gen_random_uuid() else $1 end, $1, n, n, true, $1, '', 'x',
                'x', now()
         from generate_series(1, 100000) n",
    )
    .bind(channel)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into reactions select gen_random_uuid(), id, $1, '👍', now() from messages where seq % 3 = 0",
    )
    .bind(channel)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("analyze").execute(&pool).await.unwrap();
    for before in [i64::MAX, 50_000] {
        let plan = plan(&pool, channel, before).await;
        assert!(
            plan.contains("Index Scan Backward using messages_history on messages (actual rows=50 loops=1)"),
            "{plan}"
        );
        assert!(plan.contains("reactions_once"), "{plan}");
        assert!(!plan.contains("Seq Scan on messages") && !plan.contains("Seq Scan on reactions"), "{plan}");
    }
    database.drop_now().await;
}
