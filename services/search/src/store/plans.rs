//! The statements over 100,000 messages: the indexes are used, and no word is slow (S-5).

use std::time::{Duration, Instant};

use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_test::TestDatabase;
use sqlx::{AssertSqlSafe, PgPool, Row};

use super::criteria::{Authors, Criteria, Sought};
use super::messages::{self, INDEXED, RECENT, RECENT_OF_CHANNEL};
use super::users::NAMED_WITHIN;
use crate::app::MIGRATOR;
use crate::domain::query::Query;
use crate::metrics::Way;

const MESSAGES: i32 = 100_000;
/// Far above the 100 ms of S-5, because tests share two cores with compilers: plans and ways say that no word is slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// Half of them in one channel, the others in ten more; "common" in every message, "weekly" in every 500th,
/// "needle" in one, and "archived" in the older half.
async fn fill(pool: &PgPool, workspace: WorkspaceId, channels: &[ChannelId]) {
    let ids: Vec<uuid::Uuid> = channels.iter().map(|id| id.as_uuid()).collect();
    sqlx::query(
        "insert into messages (message_id, channel_id, workspace_id, author_id, seq, content, created_at, tsv)
         select gen_random_uuid(), c, $1, $1, n, 'common words', timestamptz '2026-01-01' + n * interval '1 s',
                (format('''=w:%s'' ''=c:%s'' ''common'':1 ''word%s'':2 ''topic%s'':3', $1, c, n, n % 1000)
                 || case when n % 500 = 0 then ' ''weekly'':4' else '' end
                 || case when n = 777 then ' ''needle'':5' else '' end
                 || case when n < $3 / 2 then ' ''archived'':6' else '' end)::tsvector
         from (select n, $2[case n % 2 when 0 then 1 else 1 + n % 20 end] as c from generate_series(1, $3) n) rows",
    )
    .bind(workspace.as_uuid())
    .bind(ids)
    .bind(MESSAGES)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("analyze messages").execute(pool).await.unwrap();
}

fn asked(q: &str, workspace: WorkspaceId, channels: &[ChannelId]) -> Criteria {
    let query = Query::parse(q).unwrap();
    Criteria::new(Sought::Messages, workspace, channels, &query, &Authors::default(), None, 21)
}

async fn plan(pool: &PgPool, sql: &str, scope: uuid::Uuid, wanted: &Criteria) -> String {
    let rows = sqlx::query(AssertSqlSafe(format!("explain {sql}")))
        .bind(scope)
        .bind(&wanted.channels)
        .bind(&wanted.expression)
        .bind(wanted.before.0)
        .bind(wanted.before.1)
        .bind(wanted.since)
        .bind(wanted.pinned)
        .bind(wanted.reacted)
        .bind(wanted.limit)
        .fetch_all(pool)
        .await
        .unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_search_among_many_messages_uses_the_indexes() {
    let database = TestDatabase::create("search", &MIGRATOR).await;
    let pool = database.pool();
    let workspace = WorkspaceId::generate(&SystemClock);
    let channels: Vec<ChannelId> = (0..20).map(|_| ChannelId::generate(&SystemClock)).collect();
    fill(&pool, workspace, &channels).await;

    let rare = asked("needle", workspace, &channels);
    let one = asked("common", workspace, channels.get(..1).unwrap());
    let shown = plan(&pool, INDEXED, rare.workspace, &rare).await;
    assert!(shown.contains("messages_tsv") && !shown.contains("Seq Scan on messages"), "{shown}");
    let shown = plan(&pool, RECENT, rare.workspace, &rare).await;
    assert!(shown.contains("Index Scan Backward using messages_recent "), "{shown}");
    let shown = plan(&pool, RECENT_OF_CHANNEL, one.only_channel().unwrap(), &one).await;
    assert!(shown.contains("Index Scan Backward using messages_recent_of_channel"), "{shown}");

    for (q, found, way) in [
        ("common", 21, Way::Recent),
        ("com", 21, Way::Recent),
        ("weekly", 21, Way::Index),
        ("needle", 1, Way::Index),
        ("need", 1, Way::Index),
        ("nowhere", 0, Way::Index),
        ("archived common", 21, Way::Index),
        ("topic7", 21, Way::Recent),
        ("word99999 common", 1, Way::Index),
        ("-common", 0, Way::Index),
    ] {
        let began = Instant::now();
        let (rows, went) = messages::search(&pool, &asked(q, workspace, &channels)).await.unwrap();
        let took = began.elapsed();
        println!("{q}: {} rows, {went:?}, {took:?}", rows.len());
        assert_eq!((rows.len(), went), (found, way), "{q}");
        assert!(took < PATIENCE, "{q} took {took:?}");
    }
    assert!(RECENT.contains(&format!("limit {}", messages::WINDOW)));
    pool.close().await;
    database.drop_now().await;
}

/// S-5: whether a namesake wrote anything in a workspace is asked of the inverted index.
#[tokio::test]
async fn namesakes_are_looked_up_in_the_indexes() {
    let database = TestDatabase::create("search", &MIGRATOR).await;
    let pool = database.pool();
    let workspace = WorkspaceId::generate(&SystemClock);
    let channels: Vec<ChannelId> = (0..20).map(|_| ChannelId::generate(&SystemClock)).collect();
    fill(&pool, workspace, &channels).await;
    sqlx::query(
        "insert into users (user_id, username, display_name, version)
         select gen_random_uuid(), 'user' || n, case when n % 10 = 0 then 'Alex' else 'Other' end, 1
         from generate_series(1, 10000) n",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("analyze users").execute(&pool).await.unwrap();
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(format!("explain {NAMED_WITHIN}")));
    let rows = query.bind(vec!["alex"]).bind(workspace.as_uuid()).fetch_all(&pool).await.unwrap();
    let shown = rows.join("\n");
    assert!(shown.contains("messages_tsv") && !shown.contains("Seq Scan on messages"), "{shown}");
    assert!(shown.contains("users_display_name") && !shown.contains("Seq Scan on users"), "{shown}");
    pool.close().await;
    database.drop_now().await;
}
