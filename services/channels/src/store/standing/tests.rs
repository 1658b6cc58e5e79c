use std::collections::BTreeSet;

use colink_core::clock::SystemClock;
use colink_test::TestDatabase;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::*;
use crate::app::MIGRATOR;

/// 2,000 workspaces of ten channels: four public ones, one of them archived, three private ones and three direct
/// conversations. The user is in the first three workspaces, and there in every other channel; in the third one he was.
async fn fill(pool: &PgPool, user: UserId) {
    let statements = [
        "insert into workspaces (id, name, slug, owner_id, plan, created_at, updated_at)
         select lpad(n::text, 32, '0')::uuid, 'w', 'w' || n, $1, 'free', now(), now() from generate_series(1, 2000) n",
        "insert into workspace_members (workspace_id, user_id, role, status, joined_at, updated_at)
         select w.id, u, 'member', case when w.slug = 'w3' and u = $1 then 'left' else 'active' end, now(), now()
           from workspaces w
           cross join lateral unnest(case when w.slug in ('w1', 'w2', 'w3')
                                          then array[$1, gen_random_uuid()]
                                          else array[gen_random_uuid(), gen_random_uuid()] end) u",
        "insert into channels (id, workspace_id, kind, name, slug, dm_key, archived_at, created_by, created_at, updated_at)
         select gen_random_uuid(), w.id, case when n <= 4 then 'public' when n <= 7 then 'private' else 'dm' end, '',
                case when n <= 7 then 'c' || n end, case when n > 7 then 'd' || n end, case when n = 4 then now() end, $1,
                now(), now()
           from workspaces w cross join generate_series(1, 10) n",
        "insert into channel_members (channel_id, user_id, workspace_id, role, active, joined_at, updated_at)
         select c.id, m.user_id, c.workspace_id, 'member', m.status = 'active', now(), now()
           from channels c join workspace_members m on m.workspace_id = c.workspace_id
          where right(coalesce(c.slug, c.dm_key), 1) in ('2', '4', '6', '8') or m.user_id <> $1",
    ];
    for statement in statements {
        sqlx::query(statement).bind(user.as_uuid()).execute(pool).await.unwrap();
    }
    sqlx::query("analyze").execute(pool).await.unwrap();
}

async fn plan(pool: &PgPool, user: UserId, workspace: Option<Uuid>) -> String {
    let explain = format!("explain (costs off) {NEAR}");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(explain)).bind(user.as_uuid()).bind(workspace);
    query.fetch_all(pool).await.unwrap().join("\n")
}

/// What is near: the workspace, the kind, whether it is archived and whether the user is in it, with the number of such.
async fn near(pool: &PgPool, user: UserId, workspace: Option<Uuid>) -> (usize, BTreeSet<String>) {
    let near = list_near(pool, user, workspace.map(WorkspaceId::from_uuid)).await.unwrap();
    let told = near.iter().map(|one| {
        let place = one.workspace_id.as_uuid().as_u128();
        let member = one.channel_role.is_some();
        format!("{place} {} archived={} member={member}", one.kind.as_str(), one.archived)
    });
    (near.len(), told.collect())
}

/// C-5, S-3: of 20,000 channels those near a user are found by indexes, in one workspace and in all of his.
#[actix_web::test]
async fn the_channels_near_a_user_are_read_from_the_indexes() {
    let database = TestDatabase::create("channels", &MIGRATOR).await;
    let pool = database.pool();
    let user = UserId::generate(&SystemClock);
    fill(&pool, user).await;
    for workspace in [None, Some(Uuid::from_u128(2))] {
        let shown = plan(&pool, user, workspace).await;
        for table in ["channels", "channel_members", "workspace_members"] {
            assert!(!shown.contains(&format!("Seq Scan on {table} ")), "{shown}");
        }
        assert!(shown.contains("channels_by_") && shown.contains("channels_pkey"), "{shown}");
    }
    let of = |place: u128| {
        ["public archived=false member=false", "public archived=false member=true"]
            .into_iter()
            .chain(["public archived=true member=true", "private archived=false member=true"])
            .chain(["dm archived=false member=true"])
            .map(move |rest| format!("{place} {rest}"))
    };
    assert_eq!(near(&pool, user, Some(Uuid::from_u128(2))).await, (6, of(2).collect()));
    assert_eq!(near(&pool, user, None).await, (12, of(1).chain(of(2)).collect()));
    assert_eq!(near(&pool, user, Some(Uuid::from_u128(3))).await, (0, BTreeSet::new()));
    pool.close().await;
    database.drop_now().await;
}
