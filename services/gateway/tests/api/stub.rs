//! A service behind the gateway: it notes what reaches it and answers by the last segment of the path.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use colink_test::LocalServer;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;

/// The size of the answer to `…/large`.
pub const LARGE: usize = 5 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query, byte for byte.
    pub uri: String,
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The one value of a header.
    pub fn one(&self, name: &str) -> &str {
        match self.all(name).as_slice() {
            [value] => value,
            other => panic!("{name} is there {} times: {other:?}", other.len()),
        }
    }
}

#[derive(Clone)]
pub struct Stub {
    notes: Arc<Notes>,
    server: Arc<LocalServer>,
}

struct Notes {
    name: &'static str,
    seen: Mutex<Vec<Seen>>,
    whole: Mutex<Vec<usize>>,
    ready: Mutex<(u16, Value)>,
    asked: AtomicUsize,
    gate: Notify,
    begun: Notify,
}

impl Stub {
    pub fn start(name: &'static str) -> Self {
        let notes = Arc::new(Notes {
            name,
            seen: Mutex::default(),
            whole: Mutex::default(),
            ready: Mutex::new((200, readiness("healthy"))),
            asked: AtomicUsize::new(0),
            gate: Notify::new(),
            begun: Notify::new(),
        });
        let shared = Arc::clone(&notes);
        let server = LocalServer::start(move |app: &mut ServiceConfig| {
            app.app_data(Data::from(Arc::clone(&shared)))
                .route("/ready", web::get().to(ready))
                .default_service(web::to(answer));
        });
        Self { notes, server: Arc::new(server) }
    }

    /// `host:port`.
    pub fn authority(&self) -> String {
        self.server.address().to_string()
    }

    /// What reached it, health checks aside.
    pub fn seen(&self) -> Vec<Seen> {
        self.notes.seen.lock().unwrap().clone()
    }

    /// The only request that reached it.
    pub fn only(&self) -> Seen {
        match self.seen().as_slice() {
            [seen] => seen.clone(),
            other => panic!("not one request: {other:?}"),
        }
    }

    /// The lengths of the bodies that came whole.
    pub fn whole(&self) -> Vec<usize> {
        self.notes.whole.lock().unwrap().clone()
    }

    /// What `/ready` says from now on.
    pub fn set_ready(&self, status: u16, condition: &str) {
        *self.notes.ready.lock().unwrap() = (status, readiness(condition));
    }

    /// How often `/ready` was asked.
    pub fn asked(&self) -> usize {
        self.notes.asked.load(Ordering::SeqCst)
    }

    /// Lets an answer that waits go on.
    pub fn open_gate(&self) {
        self.notes.gate.notify_one();
    }

    /// Waits until the first bytes of a body have come.
    pub async fn begun(&self) {
        self.notes.begun.notified().await;
    }
}

fn readiness(condition: &str) -> Value {
    json!({"status": condition, "timestamp": "2026-01-01T00:00:00.000Z",
        "dependencies": {"postgres": {"status": condition, "required": true}}})
}

async fn ready(notes: Data<Notes>) -> HttpResponse {
    notes.asked.fetch_add(1, Ordering::SeqCst);
    let (status, body) = notes.ready.lock().unwrap().clone();
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(body)
}

async fn answer(notes: Data<Notes>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    notes.seen.lock().unwrap().push(Seen {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        headers: headers.collect(),
    });
    let mut length = 0;
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return HttpResponse::BadRequest().finish() };
        length += chunk.len();
        notes.begun.notify_one();
    }
    notes.whole.lock().unwrap().push(length);
    let chunk = Bytes::from_static(&[b'x'; CHUNK]);
    match request.path().rsplit('/').next().unwrap() {
        "no-content" => HttpResponse::NoContent().finish(),
        "not-modified" => HttpResponse::NotModified()
            .insert_header(("etag", "\"7\""))
            .insert_header(("content-length", "1234"))
            .finish(),
        "missing" => HttpResponse::NotFound().json(json!({"success": false, "error": {"code": "NOT_FOUND"}})),
        "headers" => HttpResponse::Ok()
            .insert_header(("x-request-id", "of-the-service"))
            .insert_header(("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
            .insert_header(("keep-alive", "timeout=5"))
            .insert_header(("x-internal-node", "secret"))
            .insert_header(("cache-control", "private, max-age=60"))
            .append_header(("set-cookie", "a=1"))
            .append_header(("set-cookie", "b=2"))
            .json(json!({})),
        "callback" => HttpResponse::Found()
            .insert_header(("location", "https://chat.test/channels#oidc_code=c"))
            .insert_header((
                "set-cookie",
                "__Host-colink-oidc=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
            ))
            .finish(),
        "large" => HttpResponse::Ok().body(SizedStream::new(LARGE as u64, gated(notes, chunk))),
        "chunked" => HttpResponse::Ok().streaming(gated(notes, chunk)),
        "trickle" => HttpResponse::Ok().streaming(stream::unfold(0, |count| async move {
            sleep(Duration::from_millis(150)).await;
            (count < 20).then(|| (Ok::<_, Infallible>(Bytes::from_static(b"drip")), count + 1))
        })),
        "stall" => HttpResponse::Ok().streaming(
            stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"drip"))]).chain(stream::pending()),
        ),
        "slow" => {
            notes.gate.notified().await;
            HttpResponse::Ok().json(json!({}))
        }
        _ => HttpResponse::Ok()
            .json(json!({"success": true, "data": {"service": notes.name, "bytes": length}})),
    }
}

/// The first chunk at once, the rest of the large answer once the gate opens.
fn gated(notes: Data<Notes>, chunk: Bytes) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(0, move |sent| {
        let (notes, chunk) = (notes.clone(), chunk.clone());
        async move {
            if sent == CHUNK {
                notes.gate.notified().await;
            }
            (sent < LARGE).then(|| (Ok(chunk), sent + CHUNK))
        }
    })
}
