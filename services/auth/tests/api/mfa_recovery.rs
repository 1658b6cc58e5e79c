//! Recovery codes.

use std::collections::HashSet;

use colink_events::Topic;
use colink_events::users::{RecoveryCodeUsed, RecoveryCodesRegenerated, SessionStarted};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::mfa_harness::{Timed, claims};

/// ten codes, each used once instead of the app; the event, and a mail that gets urgent when few are left.
#[tokio::test]
async fn a_code_works_once() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    assert_eq!(ada.recovery_codes.iter().collect::<HashSet<_>>().len(), 10);
    let ticket = timed.ticket(&ada.person).await;
    let typed = ada.recovery_codes[0].to_uppercase().replace('-', " ");
    let session = timed.world.session(&timed.recover(&ticket, &typed).await.expect(200));
    assert_eq!(claims(&session.access)["amr"], json!(["pwd", "otp", "mfa"]));
    let ticket = timed.ticket(&ada.person).await;
    let again = timed.recover(&ticket, &ada.recovery_codes[0]).await.expect(401);
    assert_eq!(again.error_code(), "INVALID_CREDENTIALS");
    timed.world.mailbox.await_mail(&ada.person.email, "recovery code was used").await;

    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = ada.session.user_id.clone();
    let used = users.await_event::<RecoveryCodeUsed>(|event| event.user_id.to_string() == id).await.0;
    assert_eq!(used.remaining, 9);
    let started =
        users.await_event::<SessionStarted>(|event| event.session_id.to_string() == session.id).await.0;
    assert_eq!(started.second_factor.as_deref(), Some("recovery_code"));
    for code in &ada.recovery_codes[1..7] {
        let ticket = timed.ticket(&ada.person).await;
        timed.recover(&ticket, code).await.expect(200);
    }
    timed.world.mailbox.await_mail(&ada.person.email, "Few recovery codes").await;
    let view = ada.session.client.get("/auth/mfa").await.expect(200);
    assert_eq!(view.value("/recovery_codes_left"), json!(3));
}

/// of ten parallel uses of one code exactly one wins.
#[tokio::test]
async fn of_parallel_uses_one_wins() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let mut racing = JoinSet::new();
    for _ in 0..10 {
        let ticket = timed.ticket(&ada.person).await;
        let body = json!({"mfa_ticket": ticket, "recovery_code": ada.recovery_codes[3]});
        let client = timed.world.anonymous();
        racing.spawn(async move { client.post("/auth/mfa/verify", &body).await.status.as_u16() });
    }
    let statuses = racing.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 9, "{statuses:?}");
}

/// a recovery code works while guessed codes have closed the app, so nobody keeps the owner out.
#[tokio::test]
async fn a_code_works_while_the_app_is_locked() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    for _ in 0..2 {
        let ticket = timed.ticket(&ada.person).await;
        for _ in 0..5 {
            timed.verify(&ticket, &ada.app.wrong_code()).await.expect(401);
        }
    }
    let ticket = timed.ticket(&ada.person).await;
    timed.verify(&ticket, &ada.app.next_code()).await.expect(429);
    timed.recover(&ticket, &ada.recovery_codes[9]).await.expect(200);
}

/// new codes end the old ones; only hashes are stored.
#[tokio::test]
async fn new_codes_end_the_old_ones() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let answer = ada.session.client.post("/auth/mfa/recovery-codes", &json!({})).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let codes = answer.data::<Value>()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let stored = "select count(*) from recovery_codes
                   where user_id = $1::uuid and length(code_hash) = 32 and used_at is null";
    assert_eq!(timed.world.count(stored, &ada.session.user_id).await, 10);
    let ticket = timed.ticket(&ada.person).await;
    timed.recover(&ticket, &ada.recovery_codes[0]).await.expect(401);
    timed.recover(&ticket, codes[0].as_str().unwrap()).await.expect(200);
    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = ada.session.user_id.clone();
    users.await_event::<RecoveryCodesRegenerated>(|event| event.user_id.to_string() == id).await;
    timed.world.mailbox.await_mail(&ada.person.email, "New recovery codes").await;
}
