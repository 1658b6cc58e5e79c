//! A new password and the second factor.

use serde_json::json;

use crate::mfa_harness::Timed;

const NEW: &str = "N3w!graphyte";

/// a reset by mail leaves the second factor as it is, and ends the sign-ins that wait for it.
#[tokio::test]
async fn a_reset_leaves_the_second_factor() {
    let timed = Timed::start().await;
    let (ada, world) = (timed.enrolled("ada").await, &timed.world);
    let waiting = timed.ticket(&ada.person).await;
    let email = &ada.person.email;
    world.anonymous().post("/auth/forgot-password", &json!({ "email": email })).await.expect(200);
    let token = world.mailbox.await_mail(email, "Set a new password").await.token();
    let body = json!({ "token": token, "new_password": NEW });
    world.anonymous().post("/auth/reset-password", &body).await.expect(200);

    timed.verify(&waiting, &ada.app.next_code()).await.expect(401);
    let answer = world.try_login(email, NEW).await.expect(200);
    assert_eq!(answer.value("/mfa_required"), json!(true));
    timed.verify(&answer.text("/mfa_ticket"), &ada.app.next_code()).await.expect(200);
}
