//! A server on a free port with the routes of one test, and a client for it.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use colink_core::clock::{SharedClock, SystemClock};
use colink_http::HttpConfig;
use colink_http::client::http_client;
use colink_http::health::HealthChecks;
use colink_http::server::{Base, bind, serve};
use colink_telemetry::Metrics;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    http: reqwest::Client,
    handle: ServerHandle,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

pub(crate) fn config() -> HttpConfig {
    HttpConfig { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), workers: 1, ..HttpConfig::default() }
}

impl Server {
    pub(crate) fn start(routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Self {
        Self::with(&config(), &SystemClock::shared(), &HealthChecks::default(), routes)
    }

    pub(crate) fn with(
        config: &HttpConfig,
        clock: &SharedClock,
        checks: &HealthChecks,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let metrics = Metrics::new("example").unwrap();
        let document = utoipa::openapi::OpenApi::default();
        let base = Base::new(config, clock, &metrics, checks, document).unwrap();
        let (listener, address) = bind(config).unwrap();
        let server = serve(listener, config, &base, routes).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let http = http_client(Duration::from_secs(20)).unwrap();
        Self { url: format!("http://{address}"), address, metrics, http, handle }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request("POST", path).header("content-type", "application/json");
        Answer::of(request.body(body)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.json()["success"], true, "{self:?}");
        self.json()["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the whole shape of a failure.
    pub(crate) fn fails_with(&self, status: u16, code: &str) {
        let json = self.json();
        assert_eq!((self.status, json["error"]["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(json["success"], false);
        assert!(!json["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(json["meta"]["request_id"].as_str().unwrap(), self.header("x-request-id"));
        assert!(json["meta"]["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    /// The names in `error.details`, in their order.
    pub(crate) fn fields(&self) -> Vec<String> {
        let details = self.json()["error"]["details"].clone();
        let details = details.as_array().cloned().unwrap_or_default();
        details.iter().map(|detail| detail["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// Waits until somebody has counted so far.
pub(crate) async fn await_count(counter: &AtomicU32, count: u32) {
    let counted = async {
        while counter.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), counted).await.unwrap();
}

/// A variable of the environment, or else of the nearest `.colink/env`; `None` where nothing was set up.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().or_else(|| {
        let files =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(".colink/env"));
        let text = files.filter_map(|file| fs::read_to_string(file).ok()).next()?;
        text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    })
}
