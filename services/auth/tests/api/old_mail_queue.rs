//! Mails that an older version of the service left behind.

use auth::Auth;
use colink_runtime::Service;
use colink_test::{Mailbox, SOON, Stage, TestDatabase, TestService, eventually, unique};
use sqlx::PgPool;

use crate::harness::settings;

/// The last migration in which mails wait in a table of their own.
const BEFORE: i64 = 20_261_121_100_000;

/// A user, and what the older version wanted to tell him.
async fn add(pool: &PgPool, name: &str, template: &str, is_verified: bool, is_given_up: bool) -> String {
    let username = format!("{name}.{}", unique());
    let email = format!("{username}@example.test");
    let statement = "with owner as (
            insert into users (id, email, email_normalised, username, display_name, email_verified_at, realm_roles, version,
                               created_at, updated_at)
            values (gen_random_uuid(), $1, $1, $2, 'Ada', case when $4 then now() end, '{}', 1, now(), now())
            returning id
        ), pending as (
            insert into registrations (user_id, username, display_name, password_hash, created_at)
            select id, $2, 'Ada Lovelace', 'none', now() from owner where not $4
            returning id, user_id
        )
        insert into mail_queue (id, user_id, template, registration_id, created_at, attempts, next_attempt_at, failed_at)
        select gen_random_uuid(), owner.id, $3, pending.id, now(), case when $5 then 12 else 2 end, now(),
               case when $5 then now() end
          from owner left join pending on pending.user_id = owner.id";
    let query = sqlx::query(statement).bind(&email).bind(username).bind(template);
    query.bind(is_verified).bind(is_given_up).execute(pool).await.unwrap();
    email
}

/// what waited in the queue of an older version is sent by this one, with a link that works; what was given up stays
/// so, and can be seen.
#[tokio::test]
async fn mails_of_the_old_queue_are_sent_after_the_migration() {
    let database = TestDatabase::empty("auth").await;
    let pool = database.pool();
    let migrator = Auth::MIGRATOR.unwrap();
    migrator.run_to(BEFORE, &pool).await.unwrap();
    let link = add(&pool, "ada", "verify_email", false, false).await;
    let notice = add(&pool, "ben", "already_registered", true, false).await;
    let given_up = add(&pool, "cleo", "already_registered", true, true).await;
    migrator.run(&pool).await.unwrap();

    let stage = Stage::new();
    let service: TestService<Auth> = stage.start(settings().set("postgres.url", database.url())).await;
    let mailbox = Mailbox::new();
    let mail = mailbox.await_mail(&link, "Confirm your mail address").await;
    assert!(mail.text.contains("Hello Ada Lovelace,"), "{}", mail.text);
    mailbox.await_mail(&notice, "You already have an account").await;
    let rows: Vec<(String, i32, Option<String>)> = eventually("two were sent", SOON, async || {
        let query = "select state, attempts, error_class from jobs where kind = 'send_mail' order by state";
        let rows: Vec<(String, i32, Option<String>)> = sqlx::query_as(query).fetch_all(&pool).await.unwrap();
        (rows.iter().filter(|row| row.0 == "done").count() == 2).then_some(rows)
    })
    .await;
    let expected = [("dead", 12, Some("failed")), ("done", 3, None), ("done", 3, None)];
    let rows: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.1, row.2.as_deref())).collect();
    assert_eq!(rows, expected);
    assert!(mailbox.list(&given_up).await.is_empty());
    drop(service);
    pool.close().await;
    database.drop_later();
}
