//! A WebSocket as a pair of byte streams.
//!
//! The gateway repeats the client's upgrade to the presence node, reads the head of the answer, and
//! from then on copies bytes both ways: no frame is held or changed, only their ends are counted, so that a
//! gateway that stops can take its leave between two of them.
//! An idle socket holds no buffer.

mod downstream;

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use bytes::{Bytes, BytesMut};
use colink_http::context::RequestContext;
use colink_telemetry::metrics::IntGauge;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use downstream::{Downstream, Open, downstream};

/// The answer to an upgrade is a few hundred bytes.
const HEAD_LIMIT: usize = 8 * 1024;

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// Nothing listens there, or not in time.
    #[error("the presence node cannot be reached")]
    Unreachable(#[source] std::io::Error),
    /// It took longer than the deadline.
    #[error("the presence node did not answer the upgrade in time")]
    TimedOut,
    /// It said something that is no HTTP, or nothing.
    #[error("the presence node broke the upgrade off")]
    Broken,
    /// It answered with another status than 101.
    #[error("the presence node refused the upgrade with {0}")]
    Refused(StatusCode),
}

impl TunnelError {
    /// How the presence node failed; `None` when it works and has only refused this client.
    pub fn outage(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable(_) => Some("unreachable"),
            Self::TimedOut => Some("timed_out"),
            Self::Broken => Some("broken"),
            Self::Refused(status) => status.is_server_error().then_some("broken"),
        }
    }
}

/// The upgrade as it is repeated to the presence node.
pub struct Upgrade<'request> {
    /// The client's request.
    pub request: &'request HttpRequest,
    /// `host:port` of the presence node.
    pub authority: &'request str,
    /// Goes on as `X-Request-ID`, `X-Forwarded-For` and `traceparent`.
    pub context: &'request RequestContext,
}

/// The headers of a client that mean something to a WebSocket server; no other one goes on.
const FORWARDED: [&str; 7] = [
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "origin",
    "user-agent",
    "authorization",
];

impl Upgrade<'_> {
    fn head(&self) -> Vec<u8> {
        let query = self.request.query_string();
        let separator = if query.is_empty() { "" } else { "?" };
        let mut head = format!(
            "GET /ws{separator}{query} HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nx-request-id: {}\r\n",
            self.authority,
            self.context.request_id()
        )
        .into_bytes();
        if let Some(ip) = self.context.ip() {
            head.extend_from_slice(format!("x-forwarded-for: {ip}\r\n").as_bytes());
        }
        if let Some(traceparent) = self.context.traceparent() {
            head.extend_from_slice(format!("traceparent: {traceparent}\r\n").as_bytes());
        }
        for name in FORWARDED {
            for value in self.request.headers().get_all(name) {
                head.extend_from_slice(name.as_bytes());
                head.extend_from_slice(b": ");
                head.extend_from_slice(value.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Opens the tunnel and answers 101; it lives until either side closes. When `soft` is cancelled the client is
/// told to come back, between two frames.
///
/// # Errors
/// See [`TunnelError`]; nothing was sent to the client then.
pub async fn open(
    upgrade: Upgrade<'_>,
    payload: web::Payload,
    deadline: Duration,
    soft: CancellationToken,
    tunnels: IntGauge,
) -> Result<HttpResponse, TunnelError> {
    let shaking = shake_hands(&upgrade);
    let (stream, headers, first) =
        timeout(deadline, shaking).await.map_err(|_elapsed| TunnelError::TimedOut)??;
    let (reader, writer) = stream.into_split();
    let closed = CancellationToken::new();
    actix_web::rt::spawn(pump(payload, writer, closed.clone()));
    let open = Open::count(tunnels, closed);

    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket");
    for (name, value) in &headers {
        response.insert_header((name.clone(), value.clone()));
    }
    Ok(response.streaming(downstream(Downstream::new(reader, open, soft), first)))
}

async fn shake_hands(upgrade: &Upgrade<'_>) -> Result<(TcpStream, HeaderMap, Bytes), TunnelError> {
    let mut stream = TcpStream::connect(upgrade.authority).await.map_err(TunnelError::Unreachable)?;
    stream.set_nodelay(true).map_err(TunnelError::Unreachable)?;
    stream.write_all(&upgrade.head()).await.map_err(TunnelError::Unreachable)?;
    let mut buffer = BytesMut::with_capacity(1024);
    loop {
        let read = stream.read_buf(&mut buffer).await.map_err(TunnelError::Unreachable)?;
        if read == 0 || buffer.len() > HEAD_LIMIT {
            return Err(TunnelError::Broken);
        }
        if let Some((length, headers)) = parse_head(&buffer)? {
            return Ok((stream, headers, buffer.split_off(length).freeze()));
        }
    }
}

/// The head's length and the headers of the handshake, once the head is complete.
fn parse_head(buffer: &[u8]) -> Result<Option<(usize, HeaderMap)>, TunnelError> {
    let mut slots = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut slots);
    let parsed = response.parse(buffer).map_err(|_malformed| TunnelError::Broken)?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(TunnelError::Broken)?;
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(TunnelError::Refused(status));
    }
    let handshake = response.headers.iter().filter(|header| {
        header.name.len() > 13 && header.name.as_bytes()[..13].eq_ignore_ascii_case(b"sec-websocket")
    });
    let mut headers = HeaderMap::new();
    for header in handshake {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(header.value)) {
            headers.insert(name, value);
        }
    }
    Ok(Some((length, headers)))
}

/// Client to presence node.
async fn pump(mut payload: web::Payload, mut writer: OwnedWriteHalf, closed: CancellationToken) {
    let copying = async {
        while let Some(Ok(chunk)) = payload.next().await {
            if writer.write_all(&chunk).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = copying => {}
        () = closed.cancelled() => {}
    }
    // The node sees the end of the stream and closes its side; a failure means that it has done so.
    drop(writer.shutdown().await);
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::{TunnelError, parse_head};

    /// G-1
    #[test]
    fn the_head_ends_where_the_frames_begin() {
        let answer =
            b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\ndate: y\r\n\r\n\x81\x02hi";
        let (length, headers) = parse_head(answer).unwrap().unwrap();
        assert_eq!(&answer[length..], b"\x81\x02hi");
        assert_eq!(headers.len(), 1, "only the handshake's own headers go on");
        assert!(parse_head(&answer[..40]).unwrap().is_none(), "an incomplete head is read on");
    }

    /// G-8
    #[test]
    fn an_answer_that_is_no_upgrade_is_refused() {
        let refused = parse_head(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert!(matches!(refused, Err(TunnelError::Refused(StatusCode::SERVICE_UNAVAILABLE))));
        assert!(matches!(parse_head(b"SSH-2.0-OpenSSH\r\n"), Err(TunnelError::Broken)));
    }
}
