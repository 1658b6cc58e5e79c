//! The people of a journey: each signs up as anybody would.

use colink_test::{Client, Fleet, Mailbox, unique};
use serde_json::{Value, json};

pub const PASSWORD: &str = "Correct-Horse-9";

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    /// The gateway, with his token.
    pub api: Client,
}

/// Registers, follows the link in the mail, signs in.
pub async fn sign_up(fleet: &mut Fleet, name: &str) -> Person {
    let name = format!("{name}-{}", unique());
    sign_up_as(fleet, &name, &format!("{name}@journey.test")).await
}

/// The same with an address of one's own.
pub async fn sign_up_as(fleet: &mut Fleet, name: &str, email: &str) -> Person {
    let gateway = fleet.client("gateway");
    let username: String = name.chars().take(32).collect();
    let account = json!({"email": email, "username": username, "display_name": name, "password": PASSWORD});
    gateway.post("/api/auth/register", &account).await.expect(201);
    let mail = Mailbox::new().await_mail(email, "token").await;
    let proof = json!({"token": mail.token(), "password": PASSWORD});
    gateway.post("/api/auth/verify-email", &proof).await.expect(200);
    let session =
        gateway.post("/api/auth/login", &json!({"email": email, "password": PASSWORD})).await.expect(200);
    let token = session.text("/access_token");
    Person { id: session.text("/user/id"), api: gateway.bearer(&token), token }
}

impl Person {
    /// Posts, and repeats the call at the same moment: both answers must be the one message.
    pub async fn post_twice(&self, channel: &str, content: &str, client_msg_id: &str) -> Value {
        let body = json!({"content": content, "client_msg_id": client_msg_id});
        let path = format!("/api/channels/{channel}/messages");
        let (first, second) = tokio::join!(self.api.post(&path, &body), self.api.post(&path, &body));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", first.json(), second.json());
        assert_eq!(first.text("/id"), second.text("/id"), "one message, whoever came first");
        first.value("")
    }

    /// Posts once.
    pub async fn post(&self, channel: &str, content: &str) -> Value {
        let answer =
            self.api.post(&format!("/api/channels/{channel}/messages"), &json!({"content": content})).await;
        answer.expect(201).value("")
    }
}
