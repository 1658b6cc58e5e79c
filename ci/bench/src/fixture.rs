//! Users, a workspace, channels and memberships, made through the public API like anybody's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{BenchError, Load};

/// What the load runs against.
pub(crate) struct Fixture {
    /// Access tokens; the users are members of every channel.
    pub(crate) tokens: Vec<String>,
    /// Channel ids.
    pub(crate) channels: Vec<String>,
}

struct Api {
    client: reqwest::Client,
    base: String,
    mail_api: String,
}

/// Everybody's password.
pub(crate) const PASSWORD: &str = "Bench-Password-2026!";

impl Fixture {
    pub(crate) async fn create(load: &Load) -> Result<Self, BenchError> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
        let api =
            Api { client, base: format!("http://{}/api", load.gateway), mail_api: load.mail_api.clone() };
        let run = run_name()?;
        let mut tokens = Vec::new();
        for index in 0..load.users.max(1) {
            tokens.push(api.sign_up(&format!("bench-{run}-{index}")).await?);
        }
        let owner = tokens[0].as_str();
        let workspace = api
            .post(
                owner,
                "/workspaces",
                &json!({"name": format!("Bench {run}"), "slug": format!("bench-{run}")}),
            )
            .await?;
        let workspace = text(&workspace, "id")?;
        let invite = json!({"role": "member", "max_uses": load.users});
        let invite = api.post(owner, &format!("/workspaces/{workspace}/invites"), &invite).await?;
        let invite = text(&invite, "token")?;
        for token in &tokens[1..] {
            api.post(token, &format!("/invites/{invite}/accept"), &json!({})).await?;
        }
        let mut channels = Vec::new();
        for index in 0..load.channels.max(1) {
            let body = json!({"workspace_id": workspace, "name": format!("bench {index}"), "kind": "public"});
            let channel = text(&api.post(owner, "/channels", &body).await?, "id")?;
            for token in &tokens[1..] {
                api.post(token, &format!("/channels/{channel}/join"), &json!({})).await?;
            }
            channels.push(channel);
        }
        Ok(Self { tokens, channels })
    }

    /// People who have nothing but an account: their addresses and tokens.
    pub(crate) async fn people(
        gateway: &str,
        mail_api: &str,
        count: usize,
    ) -> Result<Vec<(String, String)>, BenchError> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
        let api = Api { client, base: format!("http://{gateway}/api"), mail_api: mail_api.to_owned() };
        let run = run_name()?;
        let mut people = Vec::new();
        for index in 0..count.max(1) {
            let name = format!("bench-{run}-{index}");
            people.push((address(&name), api.sign_up(&name).await?));
        }
        Ok(people)
    }

    /// The user whose turn it is.
    pub(crate) fn token(&self, turn: usize) -> &str {
        &self.tokens[turn % self.tokens.len()]
    }

    /// The path that posts to the channel whose turn it is.
    pub(crate) fn path(&self, turn: usize) -> String {
        format!("/api/channels/{}/messages", self.channels[turn % self.channels.len()])
    }
}

/// A body of about `bytes` characters that says its number.
pub(crate) fn message(number: u64, bytes: usize) -> String {
    let head = format!("b:{number}:");
    let padding = "x".repeat(bytes.saturating_sub(head.len()));
    format!(r#"{{"content":"{head}{padding}"}}"#)
}

impl Api {
    async fn sign_up(&self, name: &str) -> Result<String, BenchError> {
        let email = address(name);
        let account = json!({"email": email, "username": name, "display_name": name, "password": PASSWORD});
        self.post("", "/auth/register", &account).await?;
        let token = self.verification_token(&email).await?;
        self.post("", "/auth/verify-email", &json!({"token": token, "password": PASSWORD})).await?;
        let session = self.post("", "/auth/login", &json!({"email": email, "password": PASSWORD})).await?;
        text(&session, "access_token")
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value, BenchError> {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if status.is_success() {
            Ok(body["data"].clone())
        } else {
            Err(format!("POST {path}: {status} {body}").into())
        }
    }

    /// Waits for the mail that registration sends and takes the token from its link.
    async fn verification_token(&self, email: &str) -> Result<String, BenchError> {
        for _ in 0..200 {
            let url = format!("{}/api/user/{email}/messages", self.mail_api);
            let mails = self.client.get(url).send().await?.text().await?;
            if let Some(token) = token_in(&mails) {
                return Ok(token);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!("no verification mail for {email} within 10 s").into())
    }
}

/// Quoted-printable breaks lines with `=` and writes `=` as `=3D`; in JSON a line break is `\r\n`.
fn token_in(mails: &str) -> Option<String> {
    let plain = mails.replace("=\\r\\n", "").replace("=3D", "=");
    let (_, rest) = plain.split_once("token=")?;
    let token: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    (!token.is_empty()).then_some(token)
}

fn address(name: &str) -> String {
    format!("{name}@bench.test")
}

fn text(value: &Value, key: &str) -> Result<String, BenchError> {
    Ok(value[key].as_str().ok_or_else(|| format!("the answer has no `{key}`: {value}"))?.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "names a run of the bench; nothing is decided by it")]
fn run_name() -> Result<String, BenchError> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string())
}
