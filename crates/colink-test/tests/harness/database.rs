//! Databases are fresh, fast and gone afterwards.

use std::time::{Duration, Instant};

use colink_test::{Environment, TestDatabase};

use crate::notes::MIGRATOR;

#[tokio::test]
async fn a_copy_of_the_migrated_template_is_quick_and_disappears() {
    // The first one may have to make the template.
    TestDatabase::create("speed", &MIGRATOR).await.drop_now().await;
    let begun = Instant::now();
    let database = TestDatabase::create("speed", &MIGRATOR).await;
    let took = begun.elapsed();
    println!("a database took {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let pool = database.pool();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 0);
    database.drop_now().await;
    let server = sqlx::PgPool::connect(&format!("{}/postgres", Environment::get().postgres())).await.unwrap();
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database.name())
        .fetch_one(&server)
        .await
        .unwrap();
    assert!(!there);
}

#[tokio::test]
async fn many_tests_may_ask_at_once() {
    let copies = (0..6).map(|_| TestDatabase::create("crowd", &MIGRATOR));
    let databases = futures_util::future::join_all(copies).await;
    for database in databases {
        database.drop_later();
    }
}
