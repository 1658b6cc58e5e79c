//! A running auth service, people who use it, and what is asked of every endpoint that reads a body.

use std::sync::Arc;
use std::time::Duration;

use auth::Auth;
use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_test::{Answer, Client, Environment, Mail, Mailbox, Settings, Stage, TestService, unique};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::peers::Peers;

/// Good by the default policy.
pub(crate) const PASSWORD: &str = "Gr4phite!pencil";

/// The service with its stage and mailbox.
pub(crate) struct World {
    pub(crate) service: TestService<Auth>,
    pub(crate) stage: Stage,
    pub(crate) peers: Peers,
    pub(crate) mailbox: Mailbox,
}

/// Somebody with an address of his own.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// A sign-in.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) client: Client,
}

/// Cheap hashes, keys that sign at once, addresses from headers, no limits that a fast test would meet.
pub(crate) fn settings() -> Settings {
    Settings::new()
        .set("argon2.memory_kib", 256)
        .set("argon2.iterations", 1)
        .set("argon2.concurrency", 4)
        .set("keys.activation_delay_s", 0)
        .set("mail.smtp_url", Environment::get().value("COLINK_SMTP_URL"))
        .set("mail.public_url", "https://chat.example.test")
        .set("server.trust_forwarded", true)
}

/// A clock that can be moved. It starts in the past, because a broker refuses events of the far future.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(SystemClock.now() - Duration::from_secs(100 * 86_400)))
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::on(Stage::new(), settings).await
    }

    pub(crate) async fn on(stage: Stage, settings: Settings) -> Self {
        let peers = Peers::start();
        let settings = ["admin", "channels", "files", "messaging"]
            .into_iter()
            .fold(settings, |settings, peer| settings.or(&format!("internal.{peer}_url"), peers.url()));
        let service = stage.start::<Auth>(settings).await;
        Self { service, stage, peers, mailbox: Mailbox::new() }
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.service.anonymous()
    }

    pub(crate) fn database(&self) -> &PgPool {
        self.service.database()
    }

    /// Somebody who is unknown to the service.
    pub(crate) fn stranger(&self, name: &str) -> Person {
        let username = format!("{name}.{}", unique());
        Person { email: format!("{username}@example.test"), username, password: PASSWORD.to_owned() }
    }

    pub(crate) async fn register(&self, person: &Person) -> Answer {
        self.anonymous().post("/auth/register", &person.registration()).await
    }

    /// The newest verification mail.
    pub(crate) async fn verification_mail(&self, person: &Person) -> Mail {
        self.mailbox.await_mail(&person.email, "Confirm your mail address").await
    }

    /// Uses a link as whoever registered with [`PASSWORD`].
    pub(crate) async fn verify(&self, token: &str) -> Answer {
        let proof = json!({ "token": token, "password": PASSWORD });
        self.anonymous().post("/auth/verify-email", &proof).await
    }

    /// Somebody who has registered and verified.
    pub(crate) async fn member(&self, name: &str) -> Person {
        let person = self.stranger(name);
        self.register(&person).await.expect(201);
        let token = self.verification_mail(&person).await.token();
        self.verify(&token).await.expect(200);
        person
    }

    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Answer {
        self.anonymous().post("/auth/login", &json!({ "email": email, "password": password })).await
    }

    pub(crate) async fn login(&self, person: &Person) -> Session {
        self.session(&self.try_login(&person.email, &person.password).await.expect(200))
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.anonymous().post("/auth/refresh", &json!({ "refresh_token": token })).await
    }

    /// The session in the answer to a login or refresh.
    pub(crate) fn session(&self, answer: &Answer) -> Session {
        self.session_at(answer, "")
    }

    /// The session in an answer that has it beside other things.
    pub(crate) fn renewed(&self, answer: &Answer) -> Session {
        self.session_at(answer, "/session")
    }

    fn session_at(&self, answer: &Answer, place: &str) -> Session {
        let text = |name: &str| answer.text(&format!("{place}/{name}"));
        let access = text("access_token");
        Session {
            id: text("session_id"),
            user_id: text("user/id"),
            client: self.anonymous().bearer(&access),
            access,
            refresh: text("refresh_token"),
        }
    }

    /// Somebody who is signed in.
    pub(crate) async fn signed_in(&self, name: &str) -> (Person, Session) {
        let person = self.member(name).await;
        let session = self.login(&person).await;
        (person, session)
    }

    /// One number of the database.
    pub(crate) async fn count(&self, query: &'static str, parameter: &str) -> i64 {
        sqlx::query_scalar(query).bind(parameter).fetch_one(self.database()).await.unwrap()
    }
}

impl Person {
    pub(crate) fn registration(&self) -> Value {
        json!({
            "email": self.email,
            "username": self.username,
            "display_name": "Ada Lovelace",
            "password": self.password,
        })
    }
}

/// Bodies that are no request at all: refused with 400 or 415 in the envelope, whatever else is wrong. `field` is a
/// text of the request.
pub(crate) async fn refuses_malformed(client: &Client, method: Method, path: &str, field: &str) {
    let bodies = [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "\"text\"".to_owned(),
        r#"{"nobody_knows_this": 1}"#.to_owned(),
        format!(r#"{{"{field}": 7}}"#),
        format!(r#"{{"{field}": "a\u0000b"}}"#),
        format!(r#"{{"{field}": "\ud800"}}"#),
        format!(r#"{{"{field}": "a", "{field}": "b"}}"#),
    ];
    for body in bodies {
        let answer = client.request(method.clone(), path).raw("application/json", body.clone()).send().await;
        assert_eq!(answer.status.as_u16(), 400, "{body}: {answer}");
        assert_eq!(answer.error_code(), "INVALID_REQUEST", "{body}: {answer}");
    }
    let plain = client.request(method, path).raw("text/plain", "{}").send().await.expect(415);
    assert_eq!(plain.error_code(), "UNSUPPORTED_MEDIA_TYPE");
}

/// A body whose values are refused, with every bad field.
pub(crate) async fn refuses_values(client: &Client, path: &str, body: Value, fields: &[&str]) {
    let answer = client.post(path, &body).await.expect(400);
    assert_eq!(answer.error_code(), "VALIDATION_ERROR", "{body}");
    assert_eq!(answer.error_fields(), fields, "{body}: {answer}");
}

/// What is asked of every endpoint for signed-in users.
pub(crate) async fn refuses_bad_tokens(world: &World, method: Method, path: &str) {
    let identity = world.stage.identity();
    let foreign = identity.user("mallory");
    let cases = [
        (None, "UNAUTHORIZED"),
        (Some("nonsense".to_owned()), "TOKEN_INVALID"),
        (Some(identity.token(&foreign)), "TOKEN_INVALID"),
        (Some(identity.mint(&foreign).unsigned()), "TOKEN_INVALID"),
    ];
    for (token, code) in cases {
        let client =
            token.as_deref().map_or_else(|| world.anonymous(), |token| world.anonymous().bearer(token));
        let answer = client.request(method.clone(), path).send().await.expect(401);
        assert_eq!(answer.error_code(), code, "{token:?}");
    }
}

/// A while longer than the grace period of refresh tokens.
pub(crate) const PAST_GRACE: Duration = Duration::from_secs(11);
