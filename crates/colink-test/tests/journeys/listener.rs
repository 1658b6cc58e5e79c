//! A client that follows one channel and keeps what it was told, over any number of sockets.

use std::time::Duration;

use colink_test::{Incoming, Socket};
use serde_json::{Value, json};

/// Long enough for half a minute without a broker and its start on a loaded machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a client holds of a channel.
pub struct Listener {
    socket: Socket,
    channel: String,
    /// The channel's frames in the order in which they came.
    pub frames: Vec<Value>,
    cursor: i64,
}

/// What a client holds while it has no connection.
pub struct Away {
    channel: String,
    frames: Vec<Value>,
    cursor: i64,
}

impl Away {
    /// Resumes on a node, perhaps another one.
    pub async fn resume(self, node: &str, token: &str) -> Listener {
        let socket = subscribe(node, token, &self.channel, self.cursor).await;
        Listener { socket, channel: self.channel, frames: self.frames, cursor: self.cursor }
    }
}

impl Listener {
    /// Connects and follows from the beginning.
    pub async fn follow(node: &str, token: &str, channel: &str) -> Self {
        let socket = subscribe(node, token, channel, 0).await;
        Self { socket, channel: channel.to_owned(), frames: Vec::new(), cursor: 0 }
    }

    /// Drops the connection without a farewell.
    pub fn cut(self) -> Away {
        Away { channel: self.channel, frames: self.frames, cursor: self.cursor }
    }

    /// Drops the connection without a farewell, unless it is gone, and resumes on a node, perhaps another one.
    pub async fn resume(&mut self, node: &str, token: &str) {
        self.socket = subscribe(node, token, &self.channel, self.cursor).await;
    }

    /// Takes frames until the channel's event `seq` is there. Fails on a hole, a repetition or a gap.
    pub async fn until(&mut self, seq: i64) {
        while self.cursor < seq {
            let Some(frame) = self.next().await else { panic!("closed at {} of {seq}", self.cursor) };
            self.take(frame);
        }
    }

    /// Takes frames until the server or the network ends the connection.
    pub async fn until_cut(&mut self) {
        while let Some(frame) = self.next().await {
            self.take(frame);
        }
    }

    /// The last event it holds.
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    async fn next(&mut self) -> Option<Value> {
        match self.socket.next(PATIENCE).await {
            Some(Incoming::Frame(frame)) => Some(frame),
            Some(Incoming::Closed { .. }) => None,
            None => panic!("neither a frame nor the end within {PATIENCE:?}; the cursor is {}", self.cursor),
        }
    }

    fn take(&mut self, frame: Value) {
        assert_ne!(frame["type"], "gap", "nothing is older than the log: {frame}");
        let sequenced = frame["channel_id"] == self.channel.as_str() && frame["data"].is_object();
        if sequenced {
            let seq = frame["seq"].as_i64().expect("a channel's event has a number");
            assert_eq!(seq, self.cursor + 1, "in order, without a hole or a repetition: {frame}");
            self.cursor = seq;
            self.frames.push(frame);
        }
    }
}

async fn subscribe(node: &str, token: &str, channel: &str, after: i64) -> Socket {
    let url = format!("{}/ws?token={token}", node.replacen("http", "ws", 1));
    let mut socket = Socket::connect(&url).await;
    socket.await_type("hello").await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": after})).await;
    socket.await_type("subscribed").await;
    socket
}
