//! A headless Chromium with a virtual authenticator, driven over the DevTools protocol:
//! <https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/>.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A browser that has just been installed reads all of itself from the disk.
const PATIENCE: Duration = Duration::from_secs(60);
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one open page.
pub(crate) struct Chromium {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    page: String,
    sent: u64,
    // These end with it.
    _reading: JoinSet<()>,
    _process: Child,
    _profile: TempDir,
}

impl Chromium {
    /// A browser for which the server `origin` (`localhost:8000`) is at `address`; `None` when none is installed.
    pub(crate) async fn start(origin: &str, address: SocketAddr) -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let mut process = NAMES.iter().find_map(|name| launch(name, &profile, origin, address))?;
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = timeout(PATIENCE, async {
            loop {
                let line = lines.next_line().await.unwrap().unwrap();
                if let Some((_, url)) = line.split_once("DevTools listening on ") {
                    return url.to_owned();
                }
            }
        });
        let url = url.await.unwrap();
        // Nobody may let the pipe fill up, or close it.
        let mut reading = JoinSet::new();
        reading.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = connect_async(url).await.unwrap();
        let mut browser = Self {
            socket,
            page: String::new(),
            sent: 0,
            _reading: reading,
            _process: process,
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.page = attached["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    /// Opens `url`, whose document is `html` whatever the server says.
    pub(crate) async fn open(&mut self, url: &str, html: &str) {
        self.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        self.call("Page.enable", json!({})).await;
        self.call("Fetch.enable", json!({"patterns": [{"urlPattern": url}]})).await;
        self.send("Page.navigate", json!({"url": url})).await;
        let paused = self.await_event("Fetch.requestPaused").await;
        let document = json!({
            "requestId": paused["requestId"],
            "responseCode": 200,
            "responseHeaders": [{"name": "content-type", "value": "text/html; charset=utf-8"}],
            "body": STANDARD.encode(html),
        });
        self.send("Fetch.fulfillRequest", document).await;
        self.await_event("Page.loadEventFired").await;
        self.call("Fetch.disable", json!({})).await;
    }

    /// Plugs in an authenticator that is touched, and verifies its user, by itself.
    pub(crate) async fn plug_in(&mut self, verifies: bool) {
        self.call("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": true,
        });
        self.call("WebAuthn.addVirtualAuthenticator", json!({"options": options})).await;
    }

    /// What a script's promise comes to.
    pub(crate) async fn run(&mut self, script: &str) -> Value {
        let question =
            json!({"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let answer = self.call("Runtime.evaluate", question).await;
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {answer}");
        answer["result"]["value"].clone()
    }

    async fn call(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.send(method, parameters).await;
        let mut answer = self.receive(|message| message["id"] == id).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    async fn await_event(&mut self, method: &str) -> Value {
        self.receive(|message| message["method"] == method).await["params"].take()
    }

    async fn send(&mut self, method: &str, parameters: Value) -> u64 {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if !self.page.is_empty() {
            message["sessionId"] = json!(self.page);
        }
        self.socket.send(Message::text(message.to_string())).await.unwrap();
        self.sent
    }

    /// The next message that is asked for; others are passed over.
    async fn receive(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let socket = &mut self.socket;
        let receiving = timeout(PATIENCE, async {
            loop {
                let message = socket.next().await.unwrap().unwrap();
                let Ok(text) = message.to_text() else { continue };
                let Ok(message) = serde_json::from_str::<Value>(text) else { continue };
                if wanted(&message) {
                    return message;
                }
            }
        });
        receiving.await.unwrap()
    }
}

fn launch(name: &str, profile: &TempDir, origin: &str, address: SocketAddr) -> Option<Child> {
    Command::new(name)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--no-first-run", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--host-resolver-rules=MAP {origin} {address}"))
        .arg("about:blank")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .ok()
}
