//! What the documents ask their readers to paste, pasted: on a fleet of its own, with the demo data that it needs.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use colink_test::{Client, Environment, Mailbox, SOON, Socket, Stage, eventually};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::cast::Person;
use crate::company::{open, plan};

/// Of the demo data: the realm admin, who owns the workspace.
const ADA: &str = "ada@demo.example";
const PASSWORD: &str = "Welcome-to-the-team-1!";
/// Where `cargo xtask up` puts the gateway and the mail catcher.
const GATEWAY: &str = "http://127.0.0.1:15000";
const MAILS: &str = "http://127.0.0.1:15027";
/// What the scripts run, and what runs them.
const PROGRAMS: [&str; 5] = ["bash", "curl", "jq", "oathtool", "perl"];
/// The guide alone waits half a minute for a code; a script that takes as long as this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whether this machine has all of [`PROGRAMS`].
async fn is_equipped() -> bool {
    for name in PROGRAMS {
        if Command::new(name).arg("--version").output().await.is_err() {
            let what = format!("{name} is not installed (`cargo xtask setup` installs it on Debian)");
            Environment::get().pass_over(&what, "COLINK_NO_TOURS");
            return false;
        }
    }
    true
}

/// The shell's blocks of a document between two headings.
fn blocks(document: &str, from: &str, to: &str) -> String {
    let path = Environment::get().root().join(document);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{document} has no {from:?}"));
    let (section, _) = rest.split_once(to).unwrap_or_else(|| panic!("{document} has no {to:?}"));
    let blocks: String =
        section.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(blocks.contains(GATEWAY), "{document} names no {GATEWAY}");
    blocks
}

/// Runs a script in one shell, against this fleet; what it printed. Nothing in it fails, complains or prints `null`.
async fn paste(gateway: &Client, script: &str) -> String {
    let mails = Environment::get().value("COLINK_MAIL_API_URL").trim_end_matches('/');
    let script = script.replace(GATEWAY, gateway.base_url()).replace(MAILS, mails);
    let mut shell = Command::new("bash");
    // As where somebody pastes: line by line, and `!` stands for what was typed before. Nobody's history is written.
    shell.args(["-euo", "pipefail", "-o", "history", "-H"]).env("HISTFILE", "").kill_on_drop(true);
    let mut shell =
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).await.unwrap();
    let ended = timeout(PATIENCE, shell.wait_with_output()).await;
    let output = ended.unwrap_or_else(|_elapsed| panic!("no end within {PATIENCE:?} of\n{script}")).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}\n{printed}", output.status);
    assert!(printed.lines().all(|line| line.trim() != "null"), "{printed}");
    assert!(!printed.contains("\"error\""), "{printed}");
    printed
}

fn assert_printed(printed: &str, facts: &[&str]) {
    for fact in facts {
        assert!(printed.contains(fact), "{fact} is not in\n{printed}");
    }
}

/// Ada as the demo data make her.
async fn ada(gateway: &Client) -> Person {
    let mailbox = Mailbox::new();
    // All fleets share the catcher, so there may be mail for her from another one.
    let earlier = mailbox.list(ADA).await.len();
    let account =
        json!({"email": ADA, "username": "ada", "display_name": "Ada Lovelace", "password": PASSWORD});
    gateway.post("/api/auth/register", &account).await.expect(201);
    let mail = eventually("a mail to Ada", SOON, async || mailbox.list(ADA).await.into_iter().nth(earlier));
    let proof = json!({"token": mail.await.token(), "password": PASSWORD});
    gateway.post("/api/auth/verify-email", &proof).await.expect(200);
    let login = json!({"email": ADA, "password": PASSWORD});
    let session = gateway.post("/api/auth/login", &login).await.expect(200);
    let token = session.text("/access_token");
    Person { id: session.text("/user/id"), api: gateway.bearer(&token), token }
}

/// The README's tour; a socket of ours takes the line that it prints for one.
async fn five_minutes(gateway: &Client, ada: &Person, workspace: &str) {
    let script = blocks("README.md", "## Five minutes", "## Where to read on");
    let (script, _) = script.split_once("/usr/bin/python3 -m websockets ").expect("the last step");
    let printed = paste(gateway, script).await;
    let facts = [
        r#""name": "general""#,
        r#""content_html": "<p>Hello from <strong>curl</strong></p>"#,
        "{\n  \"seq\": 1,\n  \"content\": \"Hello from **curl**\"\n}",
        r#""type": "message.created""#,
    ];
    assert_printed(&printed, &facts);

    let query = format!("/api/search?q=curl&workspace_id={workspace}");
    eventually("the message is found", SOON, async || {
        ada.api.get(&query).await.expect(200).value("/items/0/id").is_string().then_some(())
    })
    .await;
    let subscribe: Value = serde_json::from_str(printed.lines().next_back().unwrap()).unwrap();
    let mut socket = Socket::connect(&format!("{}/ws?token={}", gateway.base_url(), ada.token)).await;
    socket.await_type("hello").await;
    socket.send(&subscribe).await;
    let message = socket.await_type("message").await;
    assert_eq!(message["data"]["content"], "Hello from **curl**");
}

/// The guide, as far as it needs no identity provider.
async fn authentication(gateway: &Client) {
    let guide = "docs/guides/authentication.md";
    let printed =
        paste(gateway, &blocks(guide, "# Authentication, step by step", "## Other identity providers")).await;
    let facts = [
        r#""status": "verified""#,
        r#""device_name":"Tour""#,
        r#""codes": 10"#,
        r#""totp""#,
        r#""status": "password_reset""#,
        r#""code": "FORBIDDEN""#,
        r#""display_name":"Deploy bot""#,
        r#""bot":true"#,
    ];
    assert_printed(&printed, &facts);
    assert!(printed.ends_with("\n204\n204\n"), "the bot goes: {printed}");
}

/// T-1: the README's tour (A-3, C-1, M-1, M-9, M-10, S-1, R-4) and the guide to authentication (A-1, A-5, A-6, A-7, A-8, A-11).
#[tokio::test(flavor = "multi_thread")]
async fn what_the_documents_show_works() {
    if !is_equipped().await {
        return;
    }
    // As `cargo xtask up` configures auth.
    let plan = plan(&Stage::with_own_topics())
        .set_of("auth", "bootstrap.admin_email", ADA)
        .set_of("auth", "server.trust_forwarded", "true")
        .set_of("auth", "registration.trust_same_network", "true");
    let mut company = open(plan).await;
    let gateway = company.fleet.client("gateway");
    let ada = ada(&gateway).await;
    let demo = json!({"name": "Demo", "slug": "demo"});
    let workspace = ada.api.post("/api/workspaces", &demo).await.expect(201).text("/id");
    five_minutes(&gateway, &ada, &workspace).await;
    authentication(&gateway).await;
}
