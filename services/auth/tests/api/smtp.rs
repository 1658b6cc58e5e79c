//! Servers with faults: a line to the mail catcher or to another server that can be cut, and a mail server that answers as it
//! is told.
#![expect(clippy::disallowed_methods, reason = "a server of a test lives as long as the test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use colink_test::Environment;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A way to a real server that can be cut and mended.
pub(crate) struct Line {
    address: SocketAddr,
    up: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Line {
    /// A line to the mail catcher that is cut.
    pub(crate) async fn cut_off() -> Self {
        Self::to(Environment::get().value("COLINK_SMTP_URL").trim_start_matches("smtp://")).await
    }

    /// A line to the server at `address` that is cut.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, _) = watch::channel(false);
        let server = server.to_owned();
        let state = up.clone();
        let task = tokio::spawn(async move {
            let mut lines = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (mut state, server) = (state.subscribe(), server.clone());
                lines.spawn(async move {
                    if *state.borrow_and_update() {
                        let mut server = TcpStream::connect(server).await.unwrap();
                        let mut client = client;
                        tokio::select! {
                            _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                            _ = state.changed() => {}
                        }
                    }
                });
            }
        });
        Self { address, up, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.up.send_replace(true);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that answers commands as it is told, and notes them.
pub(crate) struct Scripted {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Scripted {
    /// `answers` are the answers to commands that begin with a word; to others it answers as a server without extensions.
    pub(crate) async fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                talks.spawn(talk(client, answers, Arc::clone(&notes)));
            }
        });
        Self { address, heard, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The commands that came, by their first word.
    pub(crate) fn heard(&self, word: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| line.starts_with(word)).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(
    client: TcpStream,
    answers: &'static [(&'static str, &'static str)],
    heard: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let (reader, mut writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    let told = |word: &str| answers.iter().find(|(known, _)| word.starts_with(known)).map(|(_, text)| *text);
    let mut in_data = false;
    let mut answer = told("greeting").unwrap_or("220 test");
    loop {
        if !in_data || answer.starts_with("250") {
            writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
            in_data = answer.starts_with("354");
        }
        let line = lines.next_line().await.ok()??;
        if in_data {
            answer = if line == "." { "250 taken" } else { "354" };
            continue;
        }
        answer = told(&line).unwrap_or(if line.starts_with("DATA") { "354 go on" } else { "250 test" });
        heard.lock().unwrap().push(line);
    }
}
