//! Servers of tests: a line to the mail catcher or another server that can be cut, and a mail server that answers as it is told,
//! with TLS or without.
#![expect(clippy::disallowed_methods, reason = "a server of a test lives as long as the test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use colink_test::Environment;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

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
    script: Arc<Script>,
    task: JoinHandle<()>,
}

/// When a server speaks TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    AtOnce,
    WithStartTls,
}

/// Commands, each with whether it came in TLS, or whole mails.
type Notes<T> = Mutex<Vec<T>>;

struct Script {
    answers: &'static [(&'static str, &'static str)],
    tls: Option<(Begins, TlsAcceptor)>,
    heard: Notes<(bool, String)>,
    mails: Notes<String>,
}

impl Scripted {
    /// `answers` are the answers to commands that begin with a word; to others it answers as a server without extensions.
    pub(crate) async fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        Self::run(answers, None).await
    }

    /// The same with TLS. With `STARTTLS` the answers are those in TLS; in clear it offers nothing else.
    pub(crate) async fn with_tls(
        answers: &'static [(&'static str, &'static str)],
        begins: Begins,
        acceptor: TlsAcceptor,
    ) -> Self {
        Self::run(answers, Some((begins, acceptor))).await
    }

    async fn run(
        answers: &'static [(&'static str, &'static str)],
        tls: Option<(Begins, TlsAcceptor)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script { answers, tls, heard: Mutex::default(), mails: Mutex::default() });
        let told = Arc::clone(&script);
        let task = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                talks.spawn(serve(client, Arc::clone(&told)));
            }
        });
        Self { address, script, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The commands that came, by their first word.
    pub(crate) fn heard(&self, word: &str) -> usize {
        self.heard_in_clear(word) + self.heard_in_tls(word)
    }

    /// Those that anybody on the way could read.
    pub(crate) fn heard_in_clear(&self, word: &str) -> usize {
        self.count(word, false)
    }

    pub(crate) fn heard_in_tls(&self, word: &str) -> usize {
        self.count(word, true)
    }

    fn count(&self, word: &str, encrypted: bool) -> usize {
        let heard = self.script.heard.lock().unwrap();
        heard.iter().filter(|(tls, line)| *tls == encrypted && line.starts_with(word)).count()
    }

    /// The mails that it took.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.script.mails.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Script {
    fn answer(&self, line: &str, encrypted: bool) -> &'static str {
        let in_clear = matches!(self.tls, Some((Begins::WithStartTls, _))) && !encrypted;
        match line.get(..4) {
            Some("EHLO") if in_clear => return "250-test\r\n250 STARTTLS",
            Some("STAR") if in_clear => return "220 go on",
            _ => {}
        }
        let told = self.answers.iter().find(|(known, _)| line.starts_with(known)).map(|(_, text)| *text);
        told.unwrap_or(if line.starts_with("DATA") { "354 go on" } else { "250 test" })
    }
}

async fn serve(client: TcpStream, script: Arc<Script>) -> Option<()> {
    let greeting = script.answers.iter().find(|(word, _)| *word == "greeting");
    let greeting = Some(greeting.map_or("220 test", |(_, text)| *text));
    match &script.tls {
        None => talk(client, &script, false, greeting).await.map(drop),
        Some((Begins::AtOnce, acceptor)) => {
            let client = acceptor.accept(client).await.ok()?;
            talk(client, &script, true, greeting).await.map(drop)
        }
        Some((Begins::WithStartTls, acceptor)) => {
            let client = talk(client, &script, false, greeting).await?;
            let client = acceptor.accept(client).await.ok()?;
            talk(client, &script, true, None).await.map(drop)
        }
    }
}

/// Until the client goes; gives the connection back when TLS shall begin.
async fn talk<S>(stream: S, script: &Script, encrypted: bool, greeting: Option<&'static str>) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lines = BufReader::new(stream).lines();
    let mut answer = greeting;
    loop {
        if let Some(answer) = answer {
            lines.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
            lines.get_mut().flush().await.ok()?;
        }
        if answer == Some("354 go on") {
            let mail = read_mail(&mut lines).await?;
            script.mails.lock().unwrap().push(mail);
            answer = Some("250 taken");
            continue;
        }
        let line = lines.next_line().await.ok()??;
        let reply = script.answer(&line, encrypted);
        let upgrades = line.starts_with("STARTTLS") && reply.starts_with("220");
        script.heard.lock().unwrap().push((encrypted, line));
        if upgrades {
            lines.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
            return Some(lines.into_inner().into_inner());
        }
        answer = Some(reply);
    }
}

async fn read_mail<S: AsyncRead + Unpin>(lines: &mut Lines<BufReader<S>>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let line = lines.next_line().await.ok()??;
        if line == "." {
            return Some(mail);
        }
        mail.push_str(&line);
        mail.push('\n');
    }
}
