//! Copies of auth's users. Guarded by version; erasing is final.

use colink_core::id::{UserId, WorkspaceId};
use colink_events::users::{UserErased, UserPayload};
use sqlx::PgPool;
use uuid::Uuid;

/// So many users a name may stand for: each is a lexeme of the search.
const NAMESAKES: usize = 100;

/// Users of a name. One more than it may stand for means that there are more.
const NAMED: &str =
    "select user_id from users where lower(username) = any($1) or lower(display_name) = any($1) limit 101";

/// Those of them who wrote or uploaded something in a workspace. Materialized, so that the inverted index is asked: for
/// a first row alone the planner would read the table.
pub(super) const NAMED_WITHIN: &str = "
    select u.user_id
      from users u
      cross join lateral (select format('''=w:%s'' & ''=a:%s''', $2::uuid, u.user_id)::tsquery as own) facets
     where (lower(u.username) = any($1) or lower(u.display_name) = any($1))
       and exists (
             with hits as materialized (
               select from messages m where m.tsv @@ facets.own
               union all
               select from files f where f.tsv @@ facets.own
             )
             select from hits)
     limit 100";

/// Takes over a profile as it is after an event.
pub(crate) async fn upsert(pool: &PgPool, user: &UserPayload) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, username, display_name, avatar_url, version) values ($1, $2, $3, $4, $5)
         on conflict (user_id) do update
         set username = excluded.username, display_name = excluded.display_name,
             avatar_url = excluded.avatar_url, version = excluded.version
         where users.version < excluded.version",
    )
    .bind(user.user_id.as_uuid())
    .bind(&user.username)
    .bind(&user.display_name)
    .bind(&user.avatar_url)
    .bind(user.version)
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets who a user was, for good: no version is above this one. The name he had stays aside
/// while messages that mention it may come.
pub(crate) async fn erase(pool: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, username, display_name, version) values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set username = excluded.username, display_name = excluded.display_name, avatar_url = null,
             version = excluded.version, former_username = users.username
         where users.version < excluded.version",
    )
    .bind(user.as_uuid())
    .bind(UserErased::username(user))
    .bind(UserErased::DISPLAY_NAME)
    .bind(i64::MAX)
    .execute(pool)
    .await?;
    Ok(())
}

/// The users who have one of these names, in lower case, or are named by their ids. Where they are more than a name may
/// stand for, it stands for those with something in the workspace: of the others nothing can be found there.
pub(crate) async fn find_by_names(
    pool: &PgPool,
    workspace: WorkspaceId,
    names: &[String],
) -> Result<Vec<UserId>, sqlx::Error> {
    let mut found: Vec<UserId> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let mut named: Vec<Uuid> = sqlx::query_scalar(NAMED).bind(names).fetch_all(pool).await?;
    if named.len() > NAMESAKES {
        named =
            sqlx::query_scalar(NAMED_WITHIN).bind(names).bind(workspace.as_uuid()).fetch_all(pool).await?;
    }
    found.extend(named.into_iter().map(UserId::from_uuid));
    Ok(found)
}
