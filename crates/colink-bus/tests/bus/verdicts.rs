use colink_bus::HandleError;
use sqlx::AssertSqlSafe;

use crate::harness::World;

/// E-4: a database that is away, a standby or too slow is waited for; what it refuses is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_serve_is_told_from_one_that_refuses() {
    let world = World::new(&[]).await;
    let verdicts = [
        ("08006", true),
        ("53300", true),
        ("57P01", true),
        ("25006", true),
        ("57014", true),
        ("55P03", true),
        ("23505", false),
        ("22012", false),
    ];
    for (code, is_waited_for) in verdicts {
        let raise = format!("do $$ begin raise exception 'the cause' using errcode = '{code}'; end $$");
        let error = sqlx::raw_sql(AssertSqlSafe(raise)).execute(&world.pool).await.unwrap_err();
        let verdict = HandleError::from(error);
        assert_eq!(matches!(verdict, HandleError::Unavailable(_)), is_waited_for, "{code}: {verdict}");
        assert!(verdict.to_string().contains("the cause"), "the dead letters tell it: {verdict}");
    }
    world.end_without_topics().await;
}
