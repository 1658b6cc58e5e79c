//! A service without stores. Its routes are what the tests need: slow, stuck, deadly.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use colink_http::HttpConfig;
use colink_runtime::{Boot, Lifecycle, Problem, Requirement, Sections, Service, StartError};
use colink_telemetry::TelemetryConfig;
use colink_test::{Client, SOON, eventually};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::OpenApi;

pub(crate) struct Example;

pub(crate) const DEFAULTS: &str = r#"
[server]
bind = "127.0.0.1:0"
shutdown_timeout_s = 5

[telemetry]
log_level = "info"

[greeter]
greeting = "hello"
key = "swordfish"
warm_up = false
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    server: HttpConfig,
    telemetry: TelemetryConfig,
    greeter: Greeter,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Greeter {
    greeting: String,
    #[expect(dead_code, reason = "it only has to stay hidden")]
    key: SecretString,
    /// Not ready until `POST /warm`.
    warm_up: bool,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn problems(&self) -> Vec<Problem> {
        let empty = self.greeter.greeting.is_empty();
        empty.then(|| Problem::new("greeter.greeting", "must not be empty")).into_iter().collect()
    }
}

pub(crate) struct State {
    greeting: String,
    lifecycle: Lifecycle,
    warmth: Requirement,
    /// Slow and stuck requests that have reached their handler.
    begun: AtomicUsize,
}

#[derive(OpenApi)]
#[openapi(paths())]
struct Document;

impl Service for Example {
    const NAME: &'static str = "example";
    const DEFAULTS: &'static str = DEFAULTS;
    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        let warmth = boot.require("warmth");
        if !config.greeter.warm_up {
            warmth.grant();
        }
        let soft = boot.lifecycle().soft();
        boot.lifecycle().spawn("idler", async move { soft.cancelled().await });
        let (greeting, lifecycle) = (config.greeter.greeting.clone(), boot.lifecycle().clone());
        Ok(State { greeting, lifecycle, warmth, begun: AtomicUsize::new(0) })
    }

    fn routes(routes: &mut web::ServiceConfig, _: &State) {
        routes
            .route("/hello", web::get().to(hello))
            .route("/slow", web::get().to(slow))
            .route("/stuck", web::get().to(stuck))
            .route("/begun", web::get().to(begun))
            .route("/warm", web::post().to(warm))
            .route("/panic", web::post().to(start_panicking_task))
            .route("/quit", web::post().to(start_quitting_task));
    }
}

async fn hello(state: web::Data<State>) -> String {
    state.greeting.clone()
}

/// Goes on until the service was asked to stop, and some time longer.
async fn slow(state: web::Data<State>) -> &'static str {
    state.begun.fetch_add(1, Ordering::SeqCst);
    state.lifecycle.soft().cancelled().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

async fn stuck(state: web::Data<State>) -> HttpResponse {
    state.begun.fetch_add(1, Ordering::SeqCst);
    std::future::pending().await
}

async fn begun(state: web::Data<State>) -> String {
    state.begun.load(Ordering::SeqCst).to_string()
}

/// Waits until a slow or stuck request is in flight. The connections end with their answers, so that this request alone is.
pub(crate) async fn await_begun(client: &Client) {
    let client = client.with_header("connection", "close");
    eventually("a request has reached its handler", SOON, async || {
        (client.get("/begun").await.expect(200).body == "1").then_some(())
    })
    .await;
}

async fn warm(state: web::Data<State>) -> HttpResponse {
    state.warmth.grant();
    HttpResponse::NoContent().finish()
}

async fn start_panicking_task(state: web::Data<State>) -> HttpResponse {
    state.lifecycle.spawn("doomed", doom());
    HttpResponse::Accepted().finish()
}

async fn doom() {
    panic!("out of luck");
}

async fn start_quitting_task(state: web::Data<State>) -> HttpResponse {
    state.lifecycle.spawn("quitter", async {});
    HttpResponse::Accepted().finish()
}
