//! A-13: no password, token or mail address stands in a log or in an event.

use colink_test::{Client, Leak, Mailbox, SecretSearch, Socket, Stage, dump_topics, unique};
use serde_json::json;

use crate::company::{Company, admin_email, open, plan};

/// Somebody whose secrets are all known.
struct Person {
    email: String,
    password: String,
    api: Client,
}

/// What the people of a journey do with secrets, and everything that they used.
struct Story {
    /// May stand neither in logs nor in events.
    anywhere: SecretSearch,
    /// May not stand in logs.
    logs: SecretSearch,
}

impl Story {
    fn keep(&mut self, name: &str, secret: &str) {
        self.anywhere.add(name, secret);
    }

    /// Registers with a mistake first, verifies, fails to sign in, signs in, and refreshes.
    async fn sign_up(&mut self, gateway: &Client, name: &str) -> Person {
        let email = format!("{name}.{}@secrets.test", unique());
        let password = format!("Very-Secret-{}!", unique());
        self.keep("a mail address", &email);
        self.keep("a password", &password);
        let username = format!("{name}.{}", unique());
        let mut account =
            json!({"email": email, "username": "no", "display_name": name, "password": password});
        gateway.post("/api/auth/register", &account).await.expect(400);
        account["username"] = json!(username);
        gateway.post("/api/auth/register", &account).await.expect(201);
        let token = Mailbox::new().await_mail(&email, "token").await.token();
        self.keep("the token of a link", &token);
        let proof = json!({"token": token, "password": password});
        gateway.post("/api/auth/verify-email", &proof).await.expect(200);
        gateway.post("/api/auth/verify-email", &proof).await.expect(400);
        let wrong = format!("Wrong-Secret-{}!", unique());
        self.keep("a wrong password", &wrong);
        gateway.post("/api/auth/login", &json!({"email": email, "password": wrong})).await.expect(401);
        let stranger = format!("nobody.{}@secrets.test", unique());
        self.keep("an unknown address", &stranger);
        gateway.post("/api/auth/login", &json!({"email": stranger, "password": wrong})).await.expect(401);
        let session = self.sign_in(gateway, &email, &password).await;
        let api = gateway.bearer(&session.text("/access_token"));
        Person { email, password, api }
    }

    /// Forgets the password and sets another one.
    async fn forget(&mut self, gateway: &Client, person: &mut Person) {
        gateway.post("/api/auth/forgot-password", &json!({"email": person.email})).await.expect(200);
        let token = Mailbox::new().await_mail(&person.email, "/reset-password#token=").await.token();
        let password = format!("Newer-Secret-{}!", unique());
        self.keep("the token of a link", &token);
        self.keep("a password", &password);
        let reset = json!({"token": token, "new_password": password});
        gateway.post("/api/auth/reset-password", &reset).await.expect(200);
        gateway.post("/api/auth/reset-password", &reset).await.expect(400);
        person.password = password;
        let session = self.sign_in(gateway, &person.email, &person.password).await;
        person.api = gateway.bearer(&session.text("/access_token"));
    }

    async fn sign_in(&mut self, gateway: &Client, email: &str, password: &str) -> colink_test::Answer {
        let login = json!({"email": email, "password": password});
        let first = gateway.post("/api/auth/login", &login).await.expect(200);
        let refresh = first.text("/refresh_token");
        self.keep("an access token", &first.text("/access_token"));
        self.keep("a refresh token", &refresh);
        let second = gateway.post("/api/auth/refresh", &json!({"refresh_token": refresh})).await.expect(200);
        self.keep("an access token", &second.text("/access_token"));
        self.keep("a refresh token", &second.text("/refresh_token"));
        second
    }

    /// The same in a browser.
    async fn browse(&mut self, gateway: &Client, person: &Person) {
        let login = json!({"email": person.email, "password": person.password});
        let page = gateway.with_header("x-refresh-in", "cookie");
        let answer = page.post("/api/auth/login", &login).await.expect(200);
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let csrf = answer.text("/csrf_token");
        self.keep("a cookie", cookie.split_once('=').unwrap().1);
        self.keep("a CSRF token", &csrf);
        let page = page.with_header("cookie", &cookie);
        page.post("/api/auth/refresh", &json!({})).await.expect(403);
        page.with_header("x-csrf-token", &csrf).post("/api/auth/refresh", &json!({})).await.expect(200);
        let api = gateway.bearer(&answer.text("/access_token"));
        self.keep("an access token", &answer.text("/access_token"));
        api.post("/api/auth/logout", &json!({})).await.expect(204);
    }

    /// Tokens where they do not belong.
    async fn blunder(&mut self, gateway: &Client, person: &Person) {
        let token = format!("blunder-{}", unique());
        self.keep("a token in a wrong place", &token);
        gateway.bearer(&token).get("/api/users/me").await.expect(401);
        gateway.post("/api/auth/refresh", &json!({"refresh_token": token})).await.expect(401);
        gateway.post("/api/auth/login", &json!({"email": token, "pasword": token})).await.expect(400);
        gateway.get(&format!("/api/users/me?access_token={token}")).await.expect(401);
        person.api.get(&format!("/api/invites/{token}/accept")).await;
        person.api.post(&format!("/api/invites/{token}/accept"), &json!({})).await.expect(404);
        let url = format!("{}/ws?token={token}", gateway.base_url());
        assert_eq!(Socket::connect(&url).await.await_close().await.0, 4001);
    }
}

/// Two people meet, talk, and leave.
async fn meet(story: &mut Story, company: &mut Company) {
    let gateway = company.fleet.client("gateway");
    let ada = story.sign_up(&gateway, "ada").await;
    let mut bob = story.sign_up(&gateway, "bob").await;
    story.forget(&gateway, &mut bob).await;
    story.browse(&gateway, &ada).await;
    story.blunder(&gateway, &bob).await;
    let workspace = json!({"name": "Secrets", "slug": format!("secrets-{}", unique())});
    let workspace = ada.api.post("/api/workspaces", &workspace).await.expect(201).text("/id");
    let path = format!("/api/workspaces/{workspace}/invites");
    let invite = ada.api.post(&path, &json!({"role": "member"})).await.expect(201).text("/token");
    story.keep("an invite", &invite);
    bob.api.post(&format!("/api/invites/{invite}/accept"), &json!({})).await.expect(200);
    let channel = json!({"workspace_id": workspace, "name": "talk", "kind": "public"});
    let channel = ada.api.post("/api/channels", &channel).await.expect(201).text("/id");
    let words = format!("between us {}", unique());
    story.logs.add("a message", &words);
    let post = json!({"content": words});
    ada.api.post(&format!("/api/channels/{channel}/messages"), &post).await.expect(201);
    for person in [&ada, &bob] {
        let session = story.sign_in(&gateway, &person.email, &person.password).await;
        let token = session.text("/access_token");
        let mut socket = Socket::connect(&format!("{}/ws?token={token}", gateway.base_url())).await;
        socket.await_type("hello").await;
        gateway.bearer(&token).post("/api/auth/logout", &json!({})).await.expect(204);
        assert_eq!(socket.await_close().await.0, 4003);
    }
}

/// A-13: a whole journey, every process at its most talkative, and then every line and every event.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_down() {
    let stage = Stage::with_own_topics();
    let mut company = open(plan(&stage).set_all("telemetry.log_level", "debug")).await;
    let mut story = Story { anywhere: SecretSearch::new(), logs: SecretSearch::new() };
    for secret in
        [colink_test::INTERNAL_SECRET, crate::cast::PASSWORD, &company.alice.token, &admin_email(&stage)]
    {
        story.keep("a secret of the installation", secret);
    }
    meet(&mut story, &mut company).await;

    let mut control = SecretSearch::new();
    control.add("alice's id", &company.alice.id);
    let (found, lines) = control.in_folder(company.fleet.logs());
    assert!(lines > 500 && !found.is_empty(), "{lines} lines, {} of alice", found.len());
    let records = dump_topics(stage.topic_prefix()).await;
    let of_alice = records.iter().flat_map(|record| control.in_text(&record.topic, &record.text));
    assert!(records.len() > 20 && of_alice.count() > 0, "{} records", records.len());

    let mut leaks: Vec<Leak> = story.anywhere.in_folder(company.fleet.logs()).0;
    leaks.extend(story.logs.in_folder(company.fleet.logs()).0);
    for record in &records {
        let kind = record.text.split(r#""type":""#).nth(1).and_then(|rest| rest.split('"').next());
        let kind = kind.unwrap_or_default();
        leaks.extend(story.anywhere.in_text(&format!("{} {kind}", record.topic), &record.text));
    }
    assert!(leaks.is_empty(), "{} leaks, the first: {:#?}", leaks.len(), &leaks[..leaks.len().min(10)]);
}
