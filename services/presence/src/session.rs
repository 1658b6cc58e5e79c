//! One connection, from its upgrade to its end.
//!
//! Two loops share it: the reader obeys the client's frames one after the other, the writer empties the
//! socket's queue, keeps the heartbeat and closes. A slow answer to one frame never holds a delivery up.

mod obey;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::error::PayloadError;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError};
use colink_auth::Claims;
use colink_core::permission::Scope;
use rand::Rng;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use self::obey::Client;
use crate::domain::frame::{ClientFrame, MAX_FRAME_BYTES, ServerFrame};
use crate::domain::rate::Bucket;
use crate::domain::status::Status;
use crate::hub::close::{Close, End};
use crate::hub::socket::{Identity, Outbox, Socket};
use crate::state::State;

/// How long a client may take to say who it is.
const AUTH_TIME: Duration = Duration::from_secs(5);
/// Frames a client may send at once, and the time that wins one back.
const BURST: u32 = 60;
const REFILL: Duration = Duration::from_millis(100);
/// The longest delay that a client is asked to add before it returns to a node that goes down.
const RETURN_SPREAD_MS: u64 = 5_000;

/// How long the client may take to accept one frame.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// The two halves of an upgraded connection.
pub struct Connection {
    /// Out.
    pub session: actix_ws::Session,
    /// In.
    pub frames: AggregatedMessageStream,
}

/// Serves a connection until either side closes it.
pub async fn serve(state: Arc<State>, mut connection: Connection, token: Option<String>) {
    let (claims, token) = match introduce(&state, &mut connection, token).await {
        Ok(known) => known,
        Err(end) => {
            state.metrics.closed(end);
            return hang_up(connection.session, end).await;
        }
    };
    let identity = Identity {
        user_id: claims.sub,
        session_id: claims.sid,
        username: claims.preferred_username.clone(),
        scopes: claims.scopes(),
        second_factor: claims.has_second_factor(),
    };
    let id = Uuid::from(colink_core::id::EventId::generate(state.clock.as_ref()));
    let (socket, outbox) = Socket::new(id, identity, state.metrics.socket());
    let socket = Arc::new(socket);
    state.hub.connect(&socket);
    // What closes many finds them in the hub. Whoever came behind it sees here that the node goes down, or that his session may
    // do less than his token says.
    if state.lifecycle.is_stopping() {
        socket.close(Close::Draining);
    } else if state.outdated.has(&claims) {
        socket.close(Close::Unauthorized);
    }
    state.metrics.connected();
    tracing::debug!(user_id = %socket.user_id(), socket_id = %id, "socket opened");

    let status = Mutex::new(Status::Online);
    let client = Client { state: Arc::clone(&state), socket: Arc::clone(&socket), claims, token, status };
    converse(&client, connection, outbox).await;

    state.hub.disconnect(&socket);
    state.metrics.disconnected();
    client.leave().await;
}

/// The claims of a caller who may have a socket, from the query or from the first frame.
async fn introduce(
    state: &State,
    connection: &mut Connection,
    token: Option<String>,
) -> Result<(Arc<Claims>, String), End> {
    let token = match token {
        Some(token) => token,
        None => {
            timeout(AUTH_TIME, first_frame(connection)).await.map_err(|_elapsed| Close::Unauthorized)??
        }
    };
    let claims = state.verify(&token).await?;
    // Whatever else a socket is good for, it shows what is written.
    if !claims.scopes().contains(Scope::MessagesRead) {
        return Err(Close::ScopeMissing.into());
    }
    if state.takes_no_more_of(claims.sub) {
        return Err(Close::Overloaded.into());
    }
    Ok((claims, token))
}

async fn first_frame(connection: &mut Connection) -> Result<String, End> {
    while let Some(message) = connection.frames.recv().await {
        match message.map_err(|error| broken(&error))? {
            AggregatedMessage::Text(text) => {
                return match serde_json::from_str(&text) {
                    Ok(ClientFrame::Auth { token }) => Ok(token),
                    _ => Err(Close::Unauthorized.into()),
                };
            }
            AggregatedMessage::Close(_) => return Err(End::ByClient),
            _ => {}
        }
    }
    Err(End::Lost)
}

/// What an error of the stream tells of the client: it is gone, or does not speak the protocol.
fn broken(error: &ProtocolError) -> End {
    match error {
        ProtocolError::Io(error) if error.get_ref().is_some_and(|cause| cause.is::<PayloadError>()) => {
            End::Lost
        }
        _ => Close::Malformed.into(),
    }
}

async fn converse(client: &Client, connection: Connection, mut outbox: Outbox) {
    let socket = &client.socket;
    let pulse = Pulse::new();
    socket.push_ephemeral(hello(client));
    client.arrive().await;
    let Connection { mut session, frames } = connection;
    let found = tokio::select! {
        end = read(client, frames, session.clone(), &pulse) => end,
        end = write(client, &mut session, &mut outbox, &pulse) => end,
    };
    let end = socket.end(found);
    client.state.metrics.closed(end);
    // What was queued before the reason to close arose is still the client's; nothing was queued since.
    while let Some(frame) = outbox.ready(socket) {
        if put(&mut session, frame).await.is_some() {
            return;
        }
    }
    hang_up(session, end).await;
}

/// Writes a frame; answers why that was the last.
async fn put(session: &mut actix_ws::Session, frame: bytestring::ByteString) -> Option<End> {
    match timeout(WRITE_TIME, session.text(frame)).await {
        Ok(Ok(())) => None,
        Ok(Err(_closed)) => Some(End::Lost),
        Err(_elapsed) => Some(Close::TooSlow.into()),
    }
}

fn hello(client: &Client) -> bytestring::ByteString {
    ServerFrame::Hello {
        session_id: client.socket.id().to_string(),
        user_id: client.socket.user_id(),
        heartbeat_ms: client.state.settings.heartbeat_ms,
        resume_window_s: client.state.settings.resume_window_s,
        max_frame_bytes: MAX_FRAME_BYTES,
    }
    .text()
}

/// When the client last gave a sign of life, in milliseconds since it connected. While one of its frames is obeyed nothing
/// is read of it, its pongs included, so that silence is not held against it: a catch-up may take longer than two
/// heartbeats. A client that is gone is found then by the writes to it, or by its silence afterwards.
struct Pulse {
    connected: Instant,
    last_ms: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self { connected: Instant::now(), last_ms: AtomicU64::new(0) }
    }

    fn beat(&self) {
        let now = u64::try_from(self.connected.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(now, Ordering::Relaxed);
    }

    /// Nothing is read until the next beat.
    fn pause(&self) {
        self.last_ms.store(u64::MAX, Ordering::Relaxed);
    }

    fn silent_for(&self) -> Duration {
        self.connected.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }
}

/// Obeys the client until it leaves or breaks a rule.
async fn read(
    client: &Client,
    mut frames: AggregatedMessageStream,
    mut session: actix_ws::Session,
    pulse: &Pulse,
) -> End {
    let mut bucket = Bucket::new(BURST, REFILL, Instant::now());
    while let Some(message) = frames.recv().await {
        pulse.beat();
        if !bucket.take(Instant::now()) {
            return Close::RateExceeded.into();
        }
        match message {
            Ok(AggregatedMessage::Text(text)) => {
                pulse.pause();
                let obeyed = client.obey(&text).await;
                pulse.beat();
                if let Err(why) = obeyed {
                    return why.into();
                }
            }
            Ok(AggregatedMessage::Ping(payload)) => {
                if session.pong(&payload).await.is_err() {
                    return End::Lost;
                }
            }
            Ok(AggregatedMessage::Pong(_)) => {}
            Ok(AggregatedMessage::Close(_)) => return End::ByClient,
            Ok(AggregatedMessage::Binary(_)) => return Close::Malformed.into(),
            Err(error) => return broken(&error),
        }
    }
    End::Lost
}

/// Empties the queue until the server has a reason to close, or the client is gone.
async fn write(client: &Client, session: &mut actix_ws::Session, outbox: &mut Outbox, pulse: &Pulse) -> End {
    let heartbeat = Duration::from_millis(client.state.settings.heartbeat_ms);
    let mut ticks = interval(heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        let frame = tokio::select! {
            biased;
            why = client.socket.closing() => return why.into(),
            frame = outbox.next(&client.socket) => match frame {
                Some(frame) => frame,
                None => return End::Lost,
            },
            _ = ticks.tick() => {
                if let Some(why) = client.has_ended(pulse.silent_for(), heartbeat).await {
                    return why.into();
                }
                if session.ping(b"").await.is_err() {
                    return End::Lost;
                }
                continue;
            }
        };
        // A client that does not read must not keep the server from closing its socket. A write that is given up queued
        // nothing (actix-ws waits for room, then queues), so the frame stays in hand and goes out before the farewell.
        tokio::select! {
            biased;
            why = client.socket.closing() => return why.into(),
            end = put(session, frame) => if let Some(end) = end {
                return end;
            },
        }
        outbox.written();
    }
}

/// Tells the client why the server closes; one that is gone is told nothing.
async fn hang_up(session: actix_ws::Session, end: End) {
    let End::ByServer(why) = end else { return };
    let jitter = rand::rng().random_range(0..RETURN_SPREAD_MS);
    let reason = CloseReason { code: CloseCode::from(why.code()), description: Some(why.reason(jitter)) };
    // A client that is gone already, or does not read, needs no farewell.
    drop(timeout(WRITE_TIME, session.close(Some(reason))).await);
}
