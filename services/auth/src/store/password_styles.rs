//! How stored passwords are hashed: what a hash says before its salt, such as `$2b$12` or `$argon2id$v=19$m=19456,t=2,p=1`.

use sqlx::PgExecutor;

/// The styles of all accounts. Each is one look into an index (`users_password_style`), however many accounts there are.
pub(crate) async fn list(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with recursive styles (style) as (
             (select substring(password_hash from '^([$]2[aby][$][0-9]{2}|[$]argon2id[$][^$]*[$][^$]*)[$]')
                from users where password_hash is not null order by 1 limit 1)
             union all
             select (select substring(password_hash from '^([$]2[aby][$][0-9]{2}|[$]argon2id[$][^$]*[$][^$]*)[$]')
                       from users
                      where password_hash is not null
                        and substring(password_hash from '^([$]2[aby][$][0-9]{2}|[$]argon2id[$][^$]*[$][^$]*)[$]') > styles.style
                      order by 1 limit 1)
               from styles where styles.style is not null)
         select style from styles where style is not null",
    )
    .fetch_all(executor)
    .await
}
