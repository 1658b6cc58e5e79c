//! One keep-alive HTTP/1.1 connection for small JSON requests.
//!
//! The load shares two cores with the fleet that it measures, so the request is written from parts
//! prepared before and only the status line and the length are read of the answer (RFC 9112): a full
//! client costs as much CPU a post as a service does. Everything else here uses `reqwest`.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::BenchError;

/// A connection that sends one request at a time.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(host: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: host.to_owned(),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// Posts `body` and returns the status; the answer's body is read and left in the buffer.
    pub(crate) async fn post(&mut self, path: &str, token: &str, body: &str) -> Result<u16, BenchError> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.exchange(&request).await
    }

    /// The same for a request without a body.
    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Result<u16, BenchError> {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n", self.host);
        self.exchange(&request).await
    }

    async fn exchange(&mut self, request: &str) -> Result<u16, BenchError> {
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let status = self.status().await?;
        let framing = self.headers().await?;
        match framing {
            Framing::Length(length) => self.read_exactly(length).await?,
            Framing::Chunked => self.read_chunks().await?,
        }
        Ok(status)
    }

    /// The last answer's body, for an error message.
    pub(crate) fn last_body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    async fn status(&mut self) -> Result<u16, BenchError> {
        self.read_line().await?;
        let code = self.line.split(' ').nth(1).ok_or("the gateway closed the connection")?;
        Ok(code.parse()?)
    }

    async fn headers(&mut self) -> Result<Framing, BenchError> {
        let mut framing = Framing::Length(0);
        loop {
            self.read_line().await?;
            let line = self.line.trim_end();
            if line.is_empty() {
                return Ok(framing);
            }
            let lower = line.to_ascii_lowercase();
            if let Some(length) = lower.strip_prefix("content-length:") {
                framing = Framing::Length(length.trim().parse()?);
            } else if lower.starts_with("transfer-encoding:") && lower.ends_with("chunked") {
                framing = Framing::Chunked;
            }
        }
    }

    async fn read_line(&mut self) -> Result<(), BenchError> {
        self.line.clear();
        self.stream.read_line(&mut self.line).await?;
        Ok(())
    }

    async fn read_exactly(&mut self, length: usize) -> Result<(), BenchError> {
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok(())
    }

    async fn read_chunks(&mut self) -> Result<(), BenchError> {
        let mut whole = Vec::new();
        loop {
            self.read_line().await?;
            let length = usize::from_str_radix(self.line.trim_end(), 16)?;
            self.read_exactly(length + 2).await?;
            if length == 0 {
                self.body = whole;
                return Ok(());
            }
            whole.extend_from_slice(&self.body[..length]);
        }
    }
}

enum Framing {
    Length(usize),
    Chunked,
}
