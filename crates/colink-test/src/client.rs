//! A REST client that speaks the envelope.
//!
//! Answers come back whatever their status; the accessors of [`Answer`] fail the test with the whole answer in the
//! message when it is not what the test says it is.

use std::fmt::{self, Display};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::eventually::SOON;
use crate::logging::WATCH;

/// A client of one service (or of the gateway), for one caller.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    headers: HeaderMap,
}

impl Client {
    /// A caller without a token.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(SOON)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Self { base: base_url.into().trim_end_matches('/').to_owned(), http, headers: HeaderMap::new() }
    }

    /// The same client with a bearer token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        WATCH.keep("bearer token", token);
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The same client with a header on every request, such as `X-Workspace-Id`.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(header_name(name), header_value(value));
        client
    }

    /// Where it sends its requests.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// `GET path`; the path begins with a slash and may carry a query.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// `POST path` with a JSON body.
    pub async fn post<B: Serialize + ?Sized>(&self, path: &str, body: &B) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    /// `PUT path` with a JSON body.
    pub async fn put<B: Serialize + ?Sized>(&self, path: &str, body: &B) -> Answer {
        self.request(Method::PUT, path).json(body).send().await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch<B: Serialize + ?Sized>(&self, path: &str, body: &B) -> Answer {
        self.request(Method::PATCH, path).json(body).send().await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    /// A request with headers or a body of its own.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let builder =
            self.http.request(method.clone(), format!("{}{path}", self.base)).headers(self.headers.clone());
        Request { builder, line: format!("{method} {path}") }
    }
}

/// A request that is not sent yet.
#[derive(Debug)]
#[must_use = "a request does nothing until `send`"]
pub struct Request {
    builder: reqwest::RequestBuilder,
    line: String,
}

impl Request {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(header_name(name), header_value(value));
        self
    }

    /// Adds `Idempotency-Key`.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a JSON body.
    pub fn json<B: Serialize + ?Sized>(mut self, body: &B) -> Self {
        WATCH.learn(&serde_json::to_value(body).expect("JSON"));
        self.builder = self.builder.json(body);
        self
    }

    /// Sets a body as it is, well-formed or not.
    pub fn raw(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header(reqwest::header::CONTENT_TYPE, content_type).body(body);
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// Sends it; for tests in which the other side may be gone.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.builder.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        learn(&headers, &body);
        Ok(Answer { request: self.line, status, headers, body })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    request: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// Fails the test unless the status is `status`; chains.
    ///
    /// # Panics
    /// When it is another one; the answer is in the message.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self
    }

    /// The `data` of a successful answer.
    ///
    /// # Panics
    /// When the answer is a failure or its data is no `T`.
    #[track_caller]
    #[must_use]
    pub fn data<T: DeserializeOwned>(&self) -> T {
        let body = self.json();
        assert_eq!(body.get("success"), Some(&Value::Bool(true)), "not a success: {self}");
        let data = body.get("data").cloned().unwrap_or(Value::Null);
        serde_json::from_value(data).unwrap_or_else(|error| panic!("{error} in the data of {self}"))
    }

    /// One value of `data` by JSON pointer: `answer.value("/items/0/id")`; `Null` when it is not there.
    ///
    /// # Panics
    /// When the answer is a failure.
    #[track_caller]
    #[must_use]
    pub fn value(&self, pointer: &str) -> Value {
        self.data::<Value>().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// The same as text, for ids and names.
    ///
    /// # Panics
    /// When there is no text.
    #[track_caller]
    #[must_use]
    pub fn text(&self, pointer: &str) -> String {
        match self.value(pointer) {
            Value::String(text) => text,
            other => panic!("{pointer} is {other}, not a text: {self}"),
        }
    }

    /// The code of a failure: `NOT_FOUND`.
    ///
    /// # Panics
    /// When the answer is not a failure in the envelope.
    #[track_caller]
    #[must_use]
    pub fn error_code(&self) -> String {
        self.failure("code").as_str().unwrap_or_else(|| panic!("no error code: {self}")).to_owned()
    }

    /// The message of a failure.
    ///
    /// # Panics
    /// When the answer is not a failure in the envelope.
    #[track_caller]
    #[must_use]
    pub fn error_message(&self) -> String {
        self.failure("message").as_str().unwrap_or_else(|| panic!("no message: {self}")).to_owned()
    }

    /// The names of the bad fields, in the order of the answer.
    ///
    /// # Panics
    /// When the answer is not a failure in the envelope.
    #[track_caller]
    #[must_use]
    pub fn error_fields(&self) -> Vec<String> {
        let details = self.failure("details");
        let fields = details.as_array().into_iter().flatten();
        fields.filter_map(|detail| detail.get("field")?.as_str().map(str::to_owned)).collect()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    #[track_caller]
    fn failure(&self, key: &str) -> Value {
        let body = self.json();
        assert_eq!(body.get("success"), Some(&Value::Bool(false)), "not a failure: {self}");
        body.pointer("/error").and_then(|error| error.get(key)).cloned().unwrap_or(Value::Null)
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}: {}", self.request, self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Cookies, and what stands in the body under telling names.
fn learn(headers: &HeaderMap, body: &[u8]) {
    let cookies =
        headers.get_all(reqwest::header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let values = cookies.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
    values.for_each(|(_, value)| WATCH.keep("cookie", value));
    if let Ok(body) = serde_json::from_slice(body) {
        WATCH.learn(&body);
    }
}

fn header_name(name: &str) -> HeaderName {
    name.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn header_value(value: &str) -> HeaderValue {
    value.parse().unwrap_or_else(|error| panic!("{value:?}: {error}"))
}
