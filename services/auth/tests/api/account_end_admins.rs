//! The last administrator of the installation stays.

use colink_test::Answer;
use serde_json::json;

use crate::account_end::{deactivate, erase};
use crate::harness::{Person, Session};
use crate::mfa_harness::Timed;

/// How many administer the installation.
async fn administrators(timed: &Timed) -> i64 {
    let open = "select count(*) from users
                 where $1 = any(realm_roles) and deactivated_at is null and erased_at is null";
    timed.world.count(open, "admin").await
}

async fn set(timed: &Timed, columns: &str) {
    let query = format!("update users set {columns} where 'admin' = any(realm_roles)");
    sqlx::query(sqlx::AssertSqlSafe(query)).execute(timed.world.database()).await.unwrap();
}

fn is_refused(answer: Answer) {
    let refused = answer.expect(409);
    assert_eq!(refused.error_code(), "CONFLICT");
    assert!(refused.error_message().contains("no administrator left"), "{refused}");
}

/// A-12, D-1: who alone administers the installation neither closes nor erases his account, and nothing of it ends; closed
/// accounts do not count. With a successor he goes.
#[tokio::test]
async fn the_last_administrator_does_not_leave() {
    let timed = Timed::start().await;
    let (other, _) = timed.admin("other").await;
    for closed in ["suspended_at = now()", "deactivated_at = now()", "realm_roles = '{user}'"] {
        set(&timed, closed).await;
        let (boss, session) = timed.admin(&format!("boss{}", closed.len())).await;
        is_refused(deactivate(&session).await);
        is_refused(erase(&session, &boss.username).await);
        session.client.get("/auth/mail-templates").await.expect(200);
        timed.world.login(&boss).await;
        set(&timed, "suspended_at = null, deactivated_at = null, realm_roles = '{user}'").await;
        let id = "update users set realm_roles = '{user,admin}', suspended_at = null where email = $1";
        sqlx::query(id).bind(&other.email).execute(timed.world.database()).await.unwrap();
    }
    let (boss, session) = timed.admin("boss").await;
    erase(&session, &boss.username).await.expect(204);
    is_refused(deactivate(&timed.world.login(&other).await).await);
    // Whoever has no role goes as he likes, also while there is no administrator at all.
    set(&timed, "realm_roles = '{user}'").await;
    deactivate(&timed.world.login(&other).await).await.expect(204);
}

/// One of the ways to go.
#[derive(Debug, Clone, Copy)]
enum Leave {
    Deactivating,
    Erasing,
    /// Gives his role back.
    Resigning,
}

impl Leave {
    async fn of(self, person: &Person, session: &Session) -> Answer {
        match self {
            Self::Deactivating => deactivate(session).await,
            Self::Erasing => erase(session, &person.username).await,
            Self::Resigning => {
                let path = format!("/auth/users/{}/realm-roles", session.user_id);
                session.client.put(&path, &json!({ "realm_roles": ["user"] })).await
            }
        }
    }
}

/// A-12, D-1: of two who leave at the same moment, each in his own way, one stays.
#[tokio::test]
async fn of_two_administrators_who_leave_at_once_one_stays() {
    use Leave::{Deactivating, Erasing, Resigning};
    let timed = Timed::start().await;
    let pairs = [
        (Deactivating, Deactivating),
        (Erasing, Erasing),
        (Deactivating, Erasing),
        (Resigning, Deactivating),
        (Erasing, Resigning),
        (Erasing, Erasing),
    ];
    for (round, (first, second)) in pairs.into_iter().enumerate() {
        set(&timed, "realm_roles = '{user}'").await;
        let (one, two) =
            (timed.admin(&format!("one{round}")).await, timed.admin(&format!("two{round}")).await);
        assert_eq!(administrators(&timed).await, 2);
        let (left, right) = tokio::join!(first.of(&one.0, &one.1), second.of(&two.0, &two.1));
        let (gone, stayed) = if left.status.is_success() { (left, right) } else { (right, left) };
        assert!(gone.status.is_success(), "{first:?} {second:?}: {gone} {stayed}");
        is_refused(stayed);
        assert_eq!(administrators(&timed).await, 1, "{first:?} {second:?}");
    }
}
