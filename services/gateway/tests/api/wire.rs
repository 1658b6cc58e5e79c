//! HTTP as bytes, for what a well-behaved client or server does not do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use colink_test::SOON;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// One connection to the gateway.
pub struct Wire(TcpStream);

/// An answer as it stands on the wire.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Raw {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.starts_with(&format!("{name}: ")))?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

impl Wire {
    pub async fn connect(address: std::net::SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends a request without a body.
    pub async fn request(&mut self, line: &str, token: &str, headers: &str) {
        self.send(&format!(
            "{line} HTTP/1.1\r\nhost: edge.test\r\nauthorization: Bearer {token}\r\n{headers}\r\n"
        ))
        .await;
    }

    /// The head of the next answer, without its body.
    pub async fn head(&mut self) -> Raw {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(SOON, self.0.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.strip_prefix("http/1.1 ").unwrap_or_else(|| panic!("no head of an answer: {head}"));
        Raw { status: status[..3].parse().unwrap(), head, body: Vec::new() }
    }

    /// The next answer with a body of declared length.
    pub async fn answer(&mut self) -> Raw {
        let mut raw = self.head().await;
        let length = raw.header("content-length").map_or(0, |length| length.parse().unwrap());
        raw.body.resize(length, 0);
        timeout(SOON, self.0.read_exact(&mut raw.body)).await.unwrap().unwrap();
        raw
    }

    /// Whether the other side has nothing more to say and keeps the connection.
    pub async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_millis(100), self.0.read_u8()).await.is_err()
    }
}

/// A server that does with its connections what it is told, one after the other.
pub struct RawServer {
    address: String,
    requests: Arc<AtomicUsize>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// The connection ends without an answer.
    Dropped,
    /// 200.
    Answered,
}

impl RawServer {
    /// `fates` in turn, the last one for ever.
    pub async fn start(address: &str, fates: &'static [Fate]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&count), fates));
            }
        });
        Self { address, requests }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut connection: TcpStream, count: Arc<AtomicUsize>, fates: &[Fate]) {
    let mut read = Vec::new();
    while connection.read_buf(&mut read).await.is_ok_and(|bytes| bytes > 0) {
        if !read.windows(4).any(|window| window == b"\r\n\r\n") {
            continue;
        }
        let is_probe = read.starts_with(b"GET /ready ");
        read.clear();
        let number = if is_probe { usize::MAX } else { count.fetch_add(1, Ordering::SeqCst) };
        match fates.get(number).or(fates.last()) {
            Some(Fate::Answered) => {
                connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            }
            _ => return,
        }
    }
}
