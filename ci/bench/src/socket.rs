//! A WebSocket that only listens (RFC 6455), without a library for the reason given in `http`.
//!
//! Server frames are unmasked, so a frame is its length and its text. A message of the bench carries
//! `b:<number>:` in its content; its delivery is timed by that number and the text is not parsed.

use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::BenchError;

/// One message seen on one socket.
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) at: Instant,
}

/// Where a channel's listeners report: bounded, a full queue would mean that the bench itself is too slow.
pub(crate) type Deliveries = mpsc::Sender<Delivery>;

pub(crate) struct Listener {
    stream: BufReader<TcpStream>,
}

impl Listener {
    /// Connects, subscribes to the channel and waits until the server has confirmed it.
    pub(crate) async fn subscribe(host: &str, token: &str, channel: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let mut listener = Self { stream: BufReader::with_capacity(16 * 1024, stream) };
        listener.upgrade(host, token).await?;
        listener.send_text(&format!(r#"{{"type":"subscribe","channel_id":"{channel}"}}"#)).await?;
        loop {
            let (_, frame) = listener.frame().await?;
            let text = String::from_utf8_lossy(&frame).into_owned();
            if text.contains(r#""type":"subscribed""#) {
                return Ok(listener);
            }
            if text.contains(r#""type":"error""#) {
                return Err(format!("subscribing was refused: {text}").into());
            }
        }
    }

    async fn upgrade(&mut self, host: &str, token: &str) -> Result<(), BenchError> {
        // The key is the example of RFC 6455, section 1.3: this client trusts the server it measures.
        let request = format!(
            "GET /ws?token={token} HTTP/1.1\r\nhost: {host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        if !line.contains(" 101 ") {
            return Err(format!("the gateway refused the socket: {}", line.trim_end()).into());
        }
        while !line.trim_end().is_empty() {
            line.clear();
            self.stream.read_line(&mut line).await?;
        }
        Ok(())
    }

    async fn send_text(&mut self, text: &str) -> Result<(), BenchError> {
        self.send(0x1, text.as_bytes()).await
    }

    /// A client frame is masked; a mask of zeros leaves the bytes as they are.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> Result<(), BenchError> {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short)?),
            long => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(long)?.to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.get_mut().write_all(&frame).await?;
        Ok(())
    }

    async fn frame(&mut self) -> Result<(u8, Vec<u8>), BenchError> {
        let mut head = [0u8; 2];
        self.stream.read_exact(&mut head).await?;
        let length = match head[1] & 0x7f {
            126 => usize::from(self.stream.read_u16().await?),
            127 => usize::try_from(self.stream.read_u64().await?)?,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        Ok((head[0] & 0x0f, payload))
    }

    /// Reports deliveries until the socket closes or nobody listens any more.
    pub(crate) async fn listen(
        mut self,
        deliveries: Deliveries,
        started: Arc<Instant>,
    ) -> Result<(), BenchError> {
        loop {
            let (opcode, payload) = self.frame().await?;
            match opcode {
                0x8 => return Err(format!("the server closed a socket after {:?}", started.elapsed()).into()),
                0x9 => self.send(0xA, &payload).await?,
                _ => {
                    if let Some(number) = number_of(&payload) {
                        deliveries.send(Delivery { number, at: Instant::now() }).await?;
                    }
                }
            }
        }
    }
}

/// The number in `"content":"b:<number>:…"`.
fn number_of(frame: &[u8]) -> Option<u64> {
    const MARK: &[u8] = br#""content":"b:"#;
    let start = frame.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits = frame[start..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number, digit| Some(number.unwrap_or(0) * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn a_message_of_the_bench_is_known_by_its_number() {
        assert_eq!(number_of(br#"{"data":{"content":"b:42:xxxx"}}"#), Some(42));
        assert_eq!(number_of(br#"{"type":"pong"}"#), None);
        assert_eq!(number_of(br#"{"content":"b:x"}"#), None);
    }
}
