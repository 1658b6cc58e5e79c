//! what happened to an account's security is read in the audit log: what, by whom, from where, in which request.

use colink_core::clock::{Clock, SystemClock};
use colink_test::{Answer, Client, SOON, Stage, eventually, unique};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::cast::{PASSWORD, sign_up_as};
use crate::company::{admin_email, open, plan};

const NEW_PASSWORD: &str = "Another-Horse-9";
/// Failures that lock an address for a client.
const FAILURES: usize = 5;

/// Where calls come from: a client's address, as the load balancer before the gateway says it, and a program.
#[derive(Clone, Copy)]
struct Place {
    ip: &'static str,
    user_agent: &'static str,
}

const HOME: Place = Place { ip: "203.0.113.7", user_agent: "Journey/1.0 (at home)" };
const ELSEWHERE: Place = Place { ip: "198.51.100.66", user_agent: "Guesser/0.1" };
const MACHINE: Place = Place { ip: "192.0.2.25", user_agent: "Deployer/2.5" };

/// An entry that the log must have.
struct Expected {
    action: &'static str,
    request_id: String,
    user_id: String,
    place: Place,
    /// What it was done to.
    resource: (&'static str, String),
}

/// Somebody's account, and what the log must have of it.
struct Story {
    gateway: Client,
    id: String,
    email: String,
    expected: Vec<Expected>,
}

impl Story {
    /// A client at a place, without a token, for requests of this name.
    fn client(&self, place: Place, request_id: &str) -> Client {
        let client = self.gateway.with_header("x-forwarded-for", place.ip);
        client.with_header("user-agent", place.user_agent).with_header("x-request-id", request_id)
    }

    /// Done by the owner of the account, to it.
    fn must_log(&mut self, action: &'static str, request_id: &str, place: Place) {
        self.must_log_of(action, request_id, place, ("user", self.id.clone()));
    }

    /// Done by the owner of the account, to something else.
    fn must_log_of(
        &mut self,
        action: &'static str,
        request_id: &str,
        place: Place,
        resource: (&'static str, String),
    ) {
        let (request_id, user_id) = (request_id.to_owned(), self.id.clone());
        self.expected.push(Expected { action, request_id, user_id, place, resource });
    }

    async fn log_in(&self, place: Place, request_id: &str, password: &str) -> Answer {
        let login = json!({"email": self.email, "password": password});
        self.client(place, request_id).post("/api/auth/login", &login).await
    }

    /// Somebody guesses until he is locked out; that locks nobody elsewhere.
    async fn guess(&mut self) {
        for number in 1..=FAILURES {
            let request_id = format!("guess-{number}");
            self.log_in(ELSEWHERE, &request_id, "Wrong-Horse-9").await.expect(401);
            self.must_log("login.failed", &request_id, ELSEWHERE);
        }
        self.must_log("account.locked", &format!("guess-{FAILURES}"), ELSEWHERE);
    }

    /// Signs in; the access token.
    async fn sign_in(&mut self) -> String {
        let session = self.log_in(HOME, "login", PASSWORD).await.expect(200);
        self.must_log("session.started", "login", HOME);
        session.text("/access_token")
    }

    /// Makes a key, which a program uses.
    async fn give_a_key(&mut self, token: &str) {
        let wish = json!({"name": "journey", "scopes": ["workspaces:read"]});
        let owner = self.client(HOME, "key").bearer(token);
        let made = owner.post("/api/auth/api-keys", &wish).await.expect(201);
        let key = ("api_key", made.text("/id"));
        self.must_log_of("api_key.created", "key", HOME, key.clone());
        let program = self.client(MACHINE, "use").bearer(&made.text("/key"));
        program.get("/api/users/me/workspaces").await.expect(200);
        self.must_log_of("api_key.used", "use", MACHINE, key);
    }

    /// Sets another password; the access token from then on.
    async fn change_password(&mut self, token: &str) -> String {
        let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        let owner = self.client(HOME, "password").bearer(token);
        let session = owner.post("/api/auth/change-password", &change).await.expect(200);
        self.must_log("password.changed", "password", HOME);
        // The one of the registration.
        self.must_log("session.revoked", "password", HOME);
        session.text("/access_token")
    }

    /// Puts an authenticator app in use; a recovery code.
    async fn set_up_app(&mut self, token: &str) -> String {
        let owner = self.client(HOME, "app").bearer(token);
        let setup = owner.post("/api/auth/mfa/totp/setup", &json!({})).await.expect(200);
        let code = json!({"code": one_time_code(&setup.text("/secret"))});
        let enabled = owner.post("/api/auth/mfa/totp/verify", &code).await.expect(200);
        self.must_log("mfa.enabled", "app", HOME);
        enabled.text("/recovery_codes/0")
    }

    /// Signs in with both factors; then a thief uses the refresh token once more.
    async fn lose_a_token(&mut self, recovery_code: &str) {
        let ticket = self.log_in(HOME, "first-half", NEW_PASSWORD).await.expect(200).text("/mfa_ticket");
        let proof = json!({"mfa_ticket": ticket, "recovery_code": recovery_code});
        let home = self.client(HOME, "second-half");
        let session = home.post("/api/auth/mfa/verify", &proof).await.expect(200);
        self.must_log("recovery_code.used", "second-half", HOME);
        self.must_log("session.started", "second-half", HOME);

        let refresh = json!({"refresh_token": session.text("/refresh_token")});
        let session = home.post("/api/auth/refresh", &refresh).await.expect(200);
        home.bearer(&session.text("/access_token")).get("/api/auth/me").await.expect(200);
        self.client(ELSEWHERE, "theft").post("/api/auth/refresh", &refresh).await.expect(401);
        self.must_log("token.reused", "theft", ELSEWHERE);
        self.must_log("session.revoked", "theft", ELSEWHERE);
    }

    /// An administrator gives the account a role.
    async fn promote(&mut self, admin_id: &str, admin_token: &str) {
        let admin = self.client(MACHINE, "roles").bearer(admin_token);
        let path = format!("/api/auth/users/{}/realm-roles", self.id);
        admin.put(&path, &json!({"realm_roles": ["admin"]})).await.expect(200);
        self.expected.push(Expected {
            action: "user.roles_changed",
            request_id: "roles".to_owned(),
            user_id: admin_id.to_owned(),
            place: MACHINE,
            resource: ("user", self.id.clone()),
        });
    }
}

impl Expected {
    /// Waits for the entry; all of its head must be right.
    async fn assert_logged(&self, admin: &Client) {
        let Self { action, request_id, user_id, place, resource } = self;
        let path = format!("/api/admin/audit-log?action={action}&user_id={user_id}&page_size=100");
        let entry: Value = eventually(&format!("{action} of {request_id}"), SOON, async || {
            let items = admin.get(&path).await.expect(200).value("/items");
            items.as_array()?.iter().find(|entry| entry["request_id"] == request_id.as_str()).cloned()
        })
        .await;
        let actor = ["user_id", "ip", "user_agent"].map(|field| &entry["actor"][field]);
        assert_eq!(actor, [user_id.as_str(), place.ip, place.user_agent], "{entry}");
        assert_eq!(entry["action"], *action, "{entry}");
        assert_eq!(entry["resource"], json!({"type": resource.0, "id": resource.1}), "{entry}");
    }
}

/// RFC 6238 as authenticator apps have it, of a seed in base 32.
fn one_time_code(secret: &str) -> String {
    let digit = |letter: &u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        _ => letter - b'2' + 26,
    };
    let bits = |group: &[u8]| group.iter().fold(0_u64, |bits, letter| (bits << 5) | u64::from(digit(letter)));
    let seed: Vec<u8> =
        secret.as_bytes().chunks(8).flat_map(|group| bits(group).to_be_bytes().into_iter().skip(3)).collect();
    let step = SystemClock.now().timestamp() / 30;
    let mut mac = Hmac::<Sha1>::new_from_slice(&seed).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// A-16, D-3: what people and programs do through the gateway is told with the client's address, not with that of the gateway.
#[tokio::test(flavor = "multi_thread")]
async fn security_events_are_read_in_the_audit_log() {
    let stage = Stage::with_own_topics();
    let plan = plan(&stage)
        .set_of("gateway", "server.trust_forwarded", "true")
        .set_of("auth", "server.trust_forwarded", "true")
        .set_of("auth", "tokens.refresh_grace_s", "0");
    let mut company = open(plan).await;
    let root = sign_up_as(&mut company.fleet, &format!("root-{}", unique()), &admin_email(&stage)).await;
    let email = format!("carol-{}@journey.test", unique());
    let carol = sign_up_as(&mut company.fleet, &format!("carol-{}", unique()), &email).await;
    let gateway = company.fleet.client("gateway");
    let mut story = Story { gateway, id: carol.id, email, expected: Vec::new() };

    story.guess().await;
    let token = story.sign_in().await;
    story.give_a_key(&token).await;
    let token = story.change_password(&token).await;
    let recovery_code = story.set_up_app(&token).await;
    story.lose_a_token(&recovery_code).await;
    story.promote(&root.id, &root.token).await;

    for expected in &story.expected {
        expected.assert_logged(&root.api).await;
    }
}
