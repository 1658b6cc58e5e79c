//! A WebSocket client for the realtime protocol: JSON text frames, awaited with a deadline.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::eventually::SOON;

/// One open socket. Every frame it has received is kept in [`Self::seen`].
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seen: Vec<Value>,
}

/// What a socket brought next.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// A JSON frame.
    Frame(Value),
    /// The server closed it with this code and reason; 1006 when it vanished without saying so.
    Closed {
        /// The close code.
        code: u16,
        /// The reason, often empty.
        reason: String,
    },
}

impl Socket {
    /// Opens a socket; `http://` in the address is taken as `ws://`.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn connect(url: &str) -> Self {
        match Self::try_connect(url, &[]).await {
            Ok(socket) => socket,
            Err(status) => panic!("the upgrade of {url} was refused with {status}"),
        }
    }

    /// Opens a socket with extra headers, such as `origin`.
    ///
    /// # Errors
    /// The HTTP status of a refused upgrade.
    ///
    /// # Panics
    /// When there is no answer at all.
    pub async fn try_connect(url: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let url = url.replacen("http", "ws", 1);
        let mut request = url.as_str().into_client_request().unwrap_or_else(|error| panic!("{url}: {error}"));
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header name");
            let value: HeaderValue = value.parse().expect("a header value");
            request.headers_mut().insert(name, value);
        }
        match timeout(SOON, connect_async(request)).await.expect("an answer to the upgrade in time") {
            Ok((stream, _)) => Ok(Self { stream, seen: Vec::new() }),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{url}: {error}"),
        }
    }

    /// Sends one JSON frame.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text frame as it is, well-formed or not.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("an open socket");
    }

    /// Sends any WebSocket message: binary, ping, close.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn send_message(&mut self, message: Message) {
        self.stream.send(message).await.expect("an open socket");
    }

    /// The next frame or the end, whichever comes first; `None` when neither comes in time. Pings are answered on the
    /// way.
    pub async fn next(&mut self, deadline: Duration) -> Option<Incoming> {
        let end = Instant::now() + deadline;
        loop {
            match timeout_at(end, self.stream.next()).await.ok()? {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("not JSON, {error}: {text}"));
                    self.seen.push(frame.clone());
                    return Some(Incoming::Frame(frame));
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    let (code, reason) = (frame.code.into(), frame.reason.to_string());
                    return Some(Incoming::Closed { code, reason });
                }
                Some(Ok(Message::Close(None))) => return Some(closed(1005)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Some(closed(1006)),
            }
        }
    }

    /// The next frame.
    ///
    /// # Panics
    /// When none comes in time, or the socket closes.
    pub async fn next_frame(&mut self, deadline: Duration) -> Value {
        match self.next(deadline).await {
            Some(Incoming::Frame(frame)) => frame,
            other => panic!("no frame within {deadline:?}: {other:?}; so far {}", self.transcript()),
        }
    }

    /// The next frame that `wanted` accepts; others are passed over (and stay in [`Self::seen`]).
    ///
    /// # Panics
    /// When it does not come within [`SOON`].
    pub async fn await_frame(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + SOON;
        loop {
            match self.next(end.saturating_duration_since(Instant::now())).await {
                Some(Incoming::Frame(frame)) if wanted(&frame) => return frame,
                Some(Incoming::Frame(_)) => {}
                other => panic!("{what} did not come: {other:?}; so far {}", self.transcript()),
            }
        }
    }

    /// The next frame of a type.
    ///
    /// # Panics
    /// When it does not come within [`SOON`].
    pub async fn await_type(&mut self, kind: &str) -> Value {
        self.await_frame(kind, |frame| frame.get("type").and_then(Value::as_str) == Some(kind)).await
    }

    /// Reads on until the server closes; the close code and reason.
    ///
    /// # Panics
    /// When it does not close within [`SOON`].
    pub async fn await_close(&mut self) -> (u16, String) {
        let end = Instant::now() + SOON;
        loop {
            match self.next(end.saturating_duration_since(Instant::now())).await {
                Some(Incoming::Closed { code, reason }) => return (code, reason),
                Some(Incoming::Frame(_)) => {}
                None => panic!("still open; so far {}", self.transcript()),
            }
        }
    }

    /// Every frame received so far, in order.
    #[must_use]
    pub fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// Closes from this side and waits for the answer, as browsers do: a connection that is given up with frames unread is
    /// reset, and the other side may never read that it was closed.
    pub async fn close(mut self) {
        // The other side may be gone: that is closed as well.
        let _ = self.stream.close(None).await;
        let answered = async { while let Some(Ok(_)) = self.stream.next().await {} };
        let _ = timeout(SOON, answered).await;
    }

    fn transcript(&self) -> String {
        Value::from(self.seen.clone()).to_string()
    }
}

fn closed(code: u16) -> Incoming {
    Incoming::Closed { code, reason: String::new() }
}
