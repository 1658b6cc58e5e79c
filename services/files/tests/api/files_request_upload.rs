use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_test::Settings;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{PNG, TEXT, World, browser, id_of, put};

const PATH: &str = "/files/upload-url";

/// F-1, F-5: the URL takes exactly the bytes that were asked for.
#[tokio::test]
async fn an_upload_url_is_bound_to_type_and_size() {
    let world = World::start().await;
    let ticket = world.ticket(&world.alice, "a picture.PNG", "Image/PNG; q=1", PNG.len()).await;
    assert_eq!(ticket["headers"], json!({ "content-type": "image/png" }));
    assert_eq!(ticket["file"]["status"], "pending");
    assert_eq!(ticket["file"]["type"], "image");
    assert_eq!(ticket["file"]["uploader_id"], json!(world.alice.id));

    let document = world.document(&id_of(&ticket)).await.unwrap();
    assert_eq!(document.get_str("status").unwrap(), "pending");
    assert_eq!(document.get_str("workspace_id").unwrap(), world.channel.workspace_id.to_string());

    assert_eq!(put(&ticket, &PNG[1..]).await, StatusCode::FORBIDDEN, "another size");
    let url = ticket["upload_url"].as_str().unwrap();
    let html = browser().put(url).header("content-type", "text/html").body(PNG).send().await.unwrap();
    assert_eq!(html.status(), StatusCode::FORBIDDEN, "another type");
    assert_eq!(put(&ticket, PNG).await, StatusCode::OK);
    world.files.finish().await;
}

/// F-1, F-2: every bad field is listed, and nothing is a 5xx.
#[tokio::test]
async fn bad_requests_are_refused_with_every_bad_field() {
    let world = World::start().await;
    let channel = world.channel.id.to_string();
    let good = json!({ "filename": "a.txt", "content_type": "text/plain", "size": 1, "channel_id": channel });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let long = "n".repeat(256);
    let cases = [
        (json!({}), "VALIDATION_ERROR", vec!["filename", "content_type", "size", "channel_id"]),
        (with("filename", json!("")), "VALIDATION_ERROR", vec!["filename"]),
        (with("filename", json!(long)), "VALIDATION_ERROR", vec!["filename"]),
        (with("filename", json!("../etc/passwd")), "VALIDATION_ERROR", vec!["filename"]),
        (with("filename", json!("a\u{7}b")), "VALIDATION_ERROR", vec!["filename"]),
        (with("content_type", json!("png")), "VALIDATION_ERROR", vec!["content_type"]),
        (with("content_type", json!("application/x-msdownload")), "VALIDATION_ERROR", vec!["content_type"]),
        (with("content_type", json!("text/html")), "VALIDATION_ERROR", vec!["content_type"]),
        (with("content_type", json!("image/svg+xml")), "VALIDATION_ERROR", vec!["content_type"]),
        (with("size", json!(0)), "VALIDATION_ERROR", vec!["size"]),
        (with("size", json!(-1)), "VALIDATION_ERROR", vec!["size"]),
        (with("channel_id", json!("general")), "VALIDATION_ERROR", vec!["channel_id"]),
        (with("sha256", json!("abc")), "VALIDATION_ERROR", vec!["sha256"]),
        (with("size", json!("1")), "INVALID_REQUEST", vec!["size"]),
        (with("size", json!(1.5)), "INVALID_REQUEST", vec!["size"]),
        (with("size", json!(1e300)), "INVALID_REQUEST", vec!["size"]),
        (with("owner", json!(1)), "INVALID_REQUEST", vec!["owner"]),
        (with("filename", json!("a\0b")), "INVALID_REQUEST", vec!["filename"]),
    ];
    let client = world.client(&world.alice);
    for (body, code, fields) in cases {
        let answer = client.post(PATH, &body).await.expect(400);
        assert_eq!(
            (answer.error_code().as_str(), answer.error_fields()),
            (code, fields.iter().map(|f| (*f).to_owned()).collect()),
            "{answer}"
        );
    }
    for raw in ["", "{", "[]", "null", r#"{"filename":"\ud800"}"#] {
        let answer = client.request(Method::POST, PATH).raw("application/json", raw).send().await.expect(400);
        assert_eq!(answer.error_code(), "INVALID_REQUEST", "{raw}");
    }
    let form = client.request(Method::POST, PATH).raw("text/plain", "x").send().await.expect(415);
    assert_eq!(form.error_code(), "UNSUPPORTED_MEDIA_TYPE");
    world.files.finish().await;
}

/// F-2: the limit itself is allowed, one byte more is 413.
#[tokio::test]
async fn a_file_over_the_limit_is_413() {
    let world = World::start().await;
    let body = |size: u64| json!({ "filename": "film.mp4", "content_type": "video/mp4", "size": size, "channel_id": world.channel.id });
    let client = world.client(&world.alice);
    let _ = client.post(PATH, &body(100 * 1024 * 1024)).await.expect(201);
    let answer = client.post(PATH, &body(100 * 1024 * 1024 + 1)).await.expect(413);
    assert_eq!(answer.error_code(), "PAYLOAD_TOO_LARGE");
    assert_eq!(answer.error_fields(), ["size"]);
    world.files.finish().await;
}

/// F-5, C-5: only members of the channel upload to it.
#[tokio::test]
async fn who_may_not_upload_is_told_what_he_may_know() {
    let world = World::start().await;
    let open = world.channels.channel(world.channel.workspace_id, "public");
    let body = |channel: ChannelId| json!({ "filename": "a.txt", "content_type": "text/plain", "size": 1, "channel_id": channel });
    let post = async |user, channel, status: u16| {
        let answer = world.client(user).post(PATH, &body(channel)).await.expect(status);
        answer.error_code()
    };
    assert_eq!(post(&world.carol, world.channel.id, 403).await, "FORBIDDEN");
    assert_eq!(post(&world.carol, open.id, 403).await, "FORBIDDEN", "reading is not uploading");
    assert_eq!(post(&world.eve, world.channel.id, 404).await, "NOT_FOUND");
    assert_eq!(post(&world.alice, ChannelId::generate(&SystemClock), 404).await, "NOT_FOUND");

    let elsewhere = WorkspaceId::generate(&SystemClock).to_string();
    let client = world.client(&world.alice);
    let _ = client
        .with_header("x-workspace-id", &elsewhere)
        .post(PATH, &body(world.channel.id))
        .await
        .expect(404);
    let here = world.channel.workspace_id.to_string();
    let _ = client.with_header("x-workspace-id", &here).post(PATH, &body(world.channel.id)).await.expect(201);

    let anonymous = world.files.anonymous();
    assert_eq!(anonymous.post(PATH, &body(world.channel.id)).await.expect(401).error_code(), "UNAUTHORIZED");
    let expired = world.stage.identity().mint(&world.alice).expired().sign();
    let answer = anonymous.bearer(&expired).post(PATH, &body(world.channel.id)).await.expect(401);
    assert_eq!(answer.error_code(), "TOKEN_EXPIRED");

    world.channels.archive(world.channel);
    assert_eq!(post(&world.alice, world.channel.id, 403).await, "FORBIDDEN");
    world.files.finish().await;
}

/// The same key gives the same file; another request under it is refused.
#[tokio::test]
async fn a_repeated_request_makes_one_file() {
    let world = World::start().await;
    let body = |size: usize| json!({ "filename": "a.txt", "content_type": "text/plain", "size": size, "channel_id": world.channel.id });
    let client = world.client(&world.alice);
    let post =
        async |size| client.request(Method::POST, PATH).idempotency_key("k-1").json(&body(size)).send().await;
    let first = post(TEXT.len()).await.expect(201);
    let second = post(TEXT.len()).await.expect(201);
    assert_eq!(first.text("/file_id"), second.text("/file_id"));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(post(1).await.expect(422).error_code(), "IDEMPOTENCY_KEY_REUSED");
    world.files.finish().await;
}

/// While channels is away nobody is let in, and nothing is a 500.
#[tokio::test]
async fn without_channels_the_answer_is_503() {
    let world = World::with(Settings::new()).await;
    let stage = &world.stage;
    let lonely = colink_test::Stage::start::<files::Files>(
        stage,
        Settings::new().set("internal.channels_url", "http://127.0.0.1:1"),
    )
    .await;
    let body = json!({ "filename": "a.txt", "content_type": "text/plain", "size": 1, "channel_id": world.channel.id });
    let answer = lonely.client(&world.alice).post(PATH, &body).await.expect(503);
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    lonely.finish().await;
    world.files.finish().await;
}
