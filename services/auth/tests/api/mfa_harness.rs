//! An authenticator app, and people who use one.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::{Clock, ManualClock};
use colink_test::{Answer, Settings};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::harness::{Person, Session, World, clock, settings};

/// A world whose time only moves when it is told to.
pub(crate) struct Timed {
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
}

/// Somebody with an authenticator in use, the session it was set up in, and what was shown once.
pub(crate) struct Enrolled {
    pub(crate) person: Person,
    pub(crate) session: Session,
    pub(crate) app: App,
    pub(crate) recovery_codes: Vec<String>,
}

/// An authenticator app.
#[derive(Clone)]
pub(crate) struct App {
    seed: Vec<u8>,
    clock: Arc<ManualClock>,
}

impl App {
    pub(crate) fn new(secret: &str, clock: &Arc<ManualClock>) -> Self {
        Self { seed: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(), clock: clock.clone() }
    }

    /// What a clock that is this many steps ahead would show.
    pub(crate) fn code_in(&self, steps: i64) -> String {
        let step = self.clock.now().timestamp() / 30 + steps;
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.seed).unwrap();
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest[19] & 15);
        let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    pub(crate) fn code(&self) -> String {
        self.code_in(0)
    }

    /// Waits for a code that was not shown before.
    pub(crate) fn next_code(&self) -> String {
        self.clock.advance(Duration::from_secs(30));
        self.code()
    }

    /// Six digits that are no code of the three steps that are taken.
    pub(crate) fn wrong_code(&self) -> String {
        let right = [-1, 0, 1].map(|steps| self.code_in(steps));
        (0..).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

impl Timed {
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let clock = clock();
        let world = World::with(settings.clock(clock.clone())).await;
        Self { world, clock }
    }

    /// Somebody whose authenticator is in use.
    pub(crate) async fn enrolled(&self, name: &str) -> Enrolled {
        let person = self.world.member(name).await;
        let session = self.world.login(&person).await;
        let (session, app, recovery_codes) = self.enrol(&session).await;
        Enrolled { person, session, app, recovery_codes }
    }

    /// Sets an authenticator up and puts it in use; the session goes on with other tokens.
    pub(crate) async fn enrol(&self, session: &Session) -> (Session, App, Vec<String>) {
        let setup = session.client.post("/auth/mfa/totp/setup", &json!({})).await.expect(200);
        let app = App::new(&setup.text("/secret"), &self.clock);
        let answer =
            session.client.post("/auth/mfa/totp/verify", &json!({"code": app.code()})).await.expect(200);
        let codes = answer.data::<Value>()["recovery_codes"].as_array().unwrap().clone();
        let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        (self.world.renewed(&answer), app, codes)
    }

    /// The ticket of a sign-in whose password was right.
    pub(crate) async fn ticket(&self, person: &Person) -> String {
        let answer = self.world.try_login(&person.email, &person.password).await.expect(200);
        assert_eq!(answer.value("/mfa_required"), json!(true), "{answer}");
        answer.text("/mfa_ticket")
    }

    pub(crate) async fn verify(&self, ticket: &str, code: &str) -> Answer {
        let body = json!({"mfa_ticket": ticket, "code": code});
        self.world.anonymous().post("/auth/mfa/verify", &body).await
    }

    pub(crate) async fn recover(&self, ticket: &str, code: &str) -> Answer {
        let body = json!({"mfa_ticket": ticket, "recovery_code": code});
        self.world.anonymous().post("/auth/mfa/verify", &body).await
    }

    /// Signs in with password and code.
    pub(crate) async fn sign_in(&self, enrolled: &Enrolled) -> Session {
        let ticket = self.ticket(&enrolled.person).await;
        self.world.session(&self.verify(&ticket, &enrolled.app.next_code()).await.expect(200))
    }

    /// A realm admin who is signed in.
    pub(crate) async fn admin(&self, name: &str) -> (Person, Session) {
        let person = self.world.member(name).await;
        let user_id = self.world.login(&person).await.user_id;
        let query = "update users set realm_roles = '{user,admin}' where id = $1::uuid";
        sqlx::query(query).bind(user_id).execute(self.world.database()).await.unwrap();
        let session = self.world.login(&person).await;
        (person, session)
    }
}

/// What an access token says.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
