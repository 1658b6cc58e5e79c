use colink_test::TestDatabase;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use sqlx::{AssertSqlSafe, Postgres};

use super::*;

type Explained<'q> = QueryScalar<'q, Postgres, String, PgArguments>;

async fn plan(
    pool: &PgPool,
    statement: &str,
    bound: impl FnOnce(Explained<'static>) -> Explained<'static>,
) -> String {
    let explain = format!("explain (analyze, costs off, timing off, summary off) {statement}");
    let query = sqlx::query_scalar(AssertSqlSafe(explain)).bind("@zoe(?![a-z])").bind("@deleted-zoe");
    bound(query).fetch_all(pool).await.unwrap().join("\n")
}

/// each statement finds its page and what belongs to it by keys, however much was written.
#[actix_web::test]
async fn a_page_is_rewritten_by_keys() {
    let database = TestDatabase::create("messaging", &crate::MIGRATOR).await;
    let pool = database.pool();
    let zoe = fixture::erased(&pool, "zoe").await;
    fixture::texts(&pool, zoe, "zoe", 50_000).await;
    sqlx::query("analyze").execute(&pool).await.unwrap();
    let (user, from) = (zoe.as_uuid(), (Uuid::nil(), i64::MIN));
    let plans = [
        plan(&pool, OWN, |query| query.bind(user).bind(from.0).bind("{}").bind(PAGE)).await,
        plan(&pool, MENTIONING, |query| query.bind(user).bind(from.0).bind(from.1).bind(PAGE)).await,
        plan(&pool, DELETED, |query| query.bind(from.0).bind(LOOKED_THROUGH)).await,
        plan(&pool, EDITED, |query| query.bind(from.0).bind(from.1).bind(LOOKED_THROUGH)).await,
    ];
    for (plan, page) in plans.iter().zip([PAGE, PAGE, LOOKED_THROUGH, LOOKED_THROUGH]) {
        assert!(plan.contains(&format!("Limit (actual rows={page} loops=1)")), "{plan}");
        for table in ["messages", "message_edits", "message_mentions", "channel_events"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
        }
    }
    database.drop_now().await;
}
