//! JSON bodies: what is taken and how what is refused is named.

use actix_web::web;
use colink_core::id::ChannelId;
use colink_http::{ApiResult, Body, OptionalBody, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Answer, Server, config};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(default)]
    title: String,
    count: Option<u32>,
    tags: Option<Vec<String>>,
    inner: Option<Inner>,
    any: Option<Value>,
    channel_id: Option<ChannelId>,
    kind: Option<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    flag: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Small,
}

async fn create_note(Body(note): Body<Note>) -> ApiResult<Reply<Value>> {
    let Note { title, count, tags, inner, any, channel_id, kind } = note;
    let flag = inner.map(|inner| inner.flag);
    let small = matches!(kind, Some(Kind::Small));
    Ok(Reply::created(json!([title, count, tags, flag, any, channel_id, small])))
}

async fn close_note(OptionalBody(note): OptionalBody<Note>) -> ApiResult<Reply<bool>> {
    Ok(Reply::ok(note.is_some()))
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/notes").post(create_note));
    app.service(web::resource("/notes/close").post(close_note));
}

#[actix_web::test]
async fn a_good_body_is_taken_in_any_json_media_type() {
    let server = Server::start(routes);
    let body = r#"{"title":"a\\u0000b","count":1,"tags":["x"],"inner":{"flag":true},"kind":"small"}"#;
    for media in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/merge-patch+json",
    ] {
        let request = server.request("POST", "/notes").header("content-type", media).body(body);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 201, "{media}: {answer:?}");
        assert_eq!(answer.data()[0], "a\\u0000b");
    }
}

/// T-4: no text a client can send is a server error; the place of the mistake is named.
#[actix_web::test]
async fn a_bad_body_is_400_and_names_the_place() {
    let server = Server::start(routes);
    let deep = format!("{{\"any\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let cases: &[(&[u8], &[&str])] = &[
        (b"", &[]),
        (b"{", &[]),
        (b"nonsense", &[]),
        (b"{\"title\":\"a\"} x", &[]),
        (b"{'title':'a'}", &[]),
        (b"\xef\xbb\xbf{}", &[]),
        (b"{\"title\":\"\xff\xfe\"}", &[]),
        (b"{\"title\":\"\xed\xa0\x80\"}", &[]),
        (b"{\"title\":\"a\x00b\"}", &[]),
        (br#"{"title":"\ud800"}"#, &[]),
        (br#"{"title":"\udc00\ud800"}"#, &[]),
        (deep.as_bytes(), &[]),
        (br#"{"title":"a\u0000b"}"#, &["title"]),
        (br#"{"tags":["a","\u0000"]}"#, &["tags[1]"]),
        (br#"{"titel":"a"}"#, &["titel"]),
        (br#"{"inner":{"flag":true,"more":1}}"#, &["inner.more"]),
        (br#"{"inner":{}}"#, &["inner.flag"]),
        (br#"{"inner":{"flag":"yes"}}"#, &["inner.flag"]),
        (br#"{"inner": 7 }"#, &["inner"]),
        (br#"{"title":7,"count":1}"#, &["title"]),
        (br#"{"title":null}"#, &["title"]),
        (br#"{"title":["a"]}"#, &["title"]),
        (br#"{"title":{"a":"b"}}"#, &["title"]),
        (br#"{"title":"a","title":"b"}"#, &["title"]),
        (br#"{"count":-1}"#, &["count"]),
        (br#"{"count":1.5}"#, &["count"]),
        (br#"{"count":4294967296}"#, &["count"]),
        (br#"{"count":"1"}"#, &["count"]),
        (br#"{"tags":"x"}"#, &["tags"]),
        (br#"{"tags":["x",["y"]]}"#, &["tags[1]"]),
        (b"{\n  \"tags\": [\"x\"],\n  \"count\": true\n}", &["count"]),
        (br#"{"channel_id":"nope"}"#, &["channel_id"]),
        (br#"{"kind":"huge"}"#, &["kind"]),
        (b"[]", &["body"]),
        (br#" ["title",1,null,null,null,null,null]"#, &["body"]),
        (b"\"text\"", &["body"]),
        (b"null", &["body"]),
    ];
    for (body, fields) in cases {
        let answer = server.post("/notes", body.to_vec()).await;
        println!("{} -> {}", String::from_utf8_lossy(&body[..body.len().min(60)]), answer.json()["error"]);
        answer.fails_with(400, "INVALID_REQUEST");
        assert_eq!(answer.fields(), *fields, "{}", String::from_utf8_lossy(body));
    }
}

#[actix_web::test]
async fn a_refused_value_is_never_repeated_to_its_sender() {
    let server = Server::start(routes);
    let answer = server.post("/notes", r#"{"count":"s3cret"}"#).await;
    assert!(!answer.text.contains("s3cret"), "{answer:?}");
    assert_eq!(answer.json()["error"]["details"][0]["message"], "must be a whole number, 0 or more");
}

#[actix_web::test]
async fn anything_but_json_is_415() {
    let server = Server::start(routes);
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ""]
    {
        let request = server.request("POST", "/notes").header("content-type", media).body("{}");
        Answer::of(request).await.fails_with(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    Answer::of(server.request("POST", "/notes").body("{}")).await.fails_with(415, "UNSUPPORTED_MEDIA_TYPE");
    let packed = server.request("POST", "/notes").header("content-type", "application/json");
    let packed = packed.header("content-encoding", "gzip").body("{}");
    Answer::of(packed).await.fails_with(415, "UNSUPPORTED_MEDIA_TYPE");
}

/// G-5: 1 MiB is taken, one byte more is 413, with and without an announced length.
#[actix_web::test]
async fn a_body_over_the_limit_is_413() {
    let server = Server::start(routes);
    let sized = |size: usize| format!("{{\"title\":\"{}\"}}", "a".repeat(size - 12));
    assert_eq!(server.post("/notes", sized(1024 * 1024)).await.status, 201);
    server.post("/notes", sized(1024 * 1024 + 1)).await.fails_with(413, "PAYLOAD_TOO_LARGE");
    let chunks = (0..4).map(|_| Ok::<_, std::io::Error>(vec![b' '; 400_000]));
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    server.post("/notes", chunked).await.fails_with(413, "PAYLOAD_TOO_LARGE");
}

#[actix_web::test]
async fn a_body_in_many_pieces_is_put_together() {
    let server = Server::start(routes);
    let pieces = [r#"{"ti"#, r#"tle":"#, r#""whole"}"#].map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    assert_eq!(server.post("/notes", body).await.data()[0], "whole");
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_in_time_is_refused() {
    let config = colink_http::HttpConfig { body_timeout_ms: 50, ..config() };
    let clock = colink_core::clock::SystemClock::shared();
    let server = Server::with(&config, &clock, &colink_http::health::HealthChecks::default(), routes);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /notes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("INVALID_REQUEST"), "{answer}");
}

#[actix_web::test]
async fn an_optional_body_may_be_left_out_but_not_be_wrong() {
    let server = Server::start(routes);
    assert_eq!(Answer::of(server.request("POST", "/notes/close")).await.data(), false);
    assert_eq!(server.post("/notes/close", "{}").await.data(), true);
    server.post("/notes/close", "{").await.fails_with(400, "INVALID_REQUEST");
}
