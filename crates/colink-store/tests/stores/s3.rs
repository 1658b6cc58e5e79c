use std::time::Duration;

use bytes::Bytes;
use colink_store::StoreError;
use colink_store::s3::{ObjectStore, S3Config, Upload};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::environment::{secret, unique, value};

const MINUTE: Duration = Duration::from_secs(60);

fn config() -> S3Config {
    S3Config {
        endpoint: Some(value("COLINK_S3_ENDPOINT")),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket: unique("bucket"),
        access_key: Some(secret("COLINK_S3_ACCESS_KEY")),
        secret_key: Some(secret("COLINK_S3_SECRET_KEY")),
        path_style: true,
    }
}

async fn store() -> ObjectStore {
    let store = ObjectStore::connect(&config()).await.unwrap();
    store.ensure_bucket().await.unwrap();
    store
}

/// A client that knows nothing of S3, as a browser does.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build().unwrap()
}

async fn upload(url: &str, content_type: &str, body: &'static str) -> StatusCode {
    browser().put(url).header(CONTENT_TYPE, content_type).body(body).send().await.unwrap().status()
}

#[tokio::test]
async fn a_bucket_is_made_once_and_missed_when_absent() {
    let store = ObjectStore::connect(&config()).await.unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::Misconfigured { .. })));
    store.ensure_bucket().await.unwrap();
    store.ensure_bucket().await.unwrap();
    store.ping().await.unwrap();
    store.put("left/over", Bytes::from_static(b"x"), "text/plain").await.unwrap();
    store.remove_bucket().await.unwrap();
    store.remove_bucket().await.unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::Misconfigured { .. })));
}

#[tokio::test]
async fn an_object_is_written_read_and_deleted() {
    let store = store().await;
    store.put("a/ä b.txt", Bytes::from_static(b"hello world"), "text/plain").await.unwrap();
    let head = store.head("a/ä b.txt").await.unwrap().unwrap();
    assert_eq!((head.size, head.content_type.as_deref()), (11, Some("text/plain")));
    assert!(head.etag.is_some());

    assert_eq!(store.get_range("a/ä b.txt", 0..5).await.unwrap().unwrap(), "hello");
    assert_eq!(store.get_range("a/ä b.txt", 6..4096).await.unwrap().unwrap(), "world");
    assert_eq!(store.get_range("a/ä b.txt", 0..0).await.unwrap().unwrap(), "");

    let mut stream = store.get_stream("a/ä b.txt").await.unwrap().unwrap();
    assert_eq!(stream.head.size, 11);
    let mut read = Vec::new();
    while let Some(chunk) = stream.next_chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, b"hello world");

    store.delete("a/ä b.txt").await.unwrap();
    store.delete("a/ä b.txt").await.unwrap();
    assert_eq!(store.head("a/ä b.txt").await.unwrap(), None);
    store.remove_bucket().await.unwrap();
}

#[tokio::test]
async fn an_object_is_copied_while_it_is_the_version_that_was_meant() {
    let store = store().await;
    store.put("a/ä+b c.txt", Bytes::from_static(b"hello"), "text/plain").await.unwrap();
    let etag = store.head("a/ä+b c.txt").await.unwrap().unwrap().etag;
    let copy = store.copy("a/ä+b c.txt", "kept", etag.as_deref()).await.unwrap().unwrap();
    assert_eq!((copy.size, copy.content_type.as_deref()), (5, Some("text/plain")));
    assert_eq!(store.get_range("kept", 0..9).await.unwrap().unwrap(), "hello");

    store.put("a/ä+b c.txt", Bytes::from_static(b"HELLO"), "text/plain").await.unwrap();
    assert_eq!(store.copy("a/ä+b c.txt", "kept", etag.as_deref()).await.unwrap(), None);
    assert_eq!(store.copy("none", "kept", None).await.unwrap(), None);
    assert_eq!(store.get_range("kept", 0..9).await.unwrap().unwrap(), "hello");
    store.copy("a/ä+b c.txt", "kept", None).await.unwrap().unwrap();
    assert_eq!(store.get_range("kept", 0..9).await.unwrap().unwrap(), "HELLO");
    store.remove_bucket().await.unwrap();
}

#[tokio::test]
async fn a_missing_object_is_none_and_an_empty_one_has_no_bytes() {
    let store = store().await;
    assert_eq!(store.head("none").await.unwrap(), None);
    assert_eq!(store.get_range("none", 0..16).await.unwrap(), None);
    assert!(store.get_stream("none").await.unwrap().is_none());
    store.put("empty", Bytes::new(), "text/plain").await.unwrap();
    assert_eq!(store.head("empty").await.unwrap().unwrap().size, 0);
    assert_eq!(store.get_range("empty", 0..16).await.unwrap().unwrap(), "");
    store.remove_bucket().await.unwrap();
}

#[tokio::test]
async fn a_presigned_put_takes_what_was_agreed_and_nothing_else() {
    let store = store().await;
    let put = store.presign_put("up/one", "image/png", 5, MINUTE).await.unwrap();
    assert_eq!(put.headers, [("content-type".to_owned(), "image/png".to_owned())]);
    let signed = put.url.split('&').find(|part| part.starts_with("X-Amz-SignedHeaders=")).unwrap();
    assert!(signed.contains("content-length") && signed.contains("content-type"), "{signed}");
    assert!(!put.url.contains("checksum"), "{}", put.url);

    assert_eq!(upload(&put.url, "image/png", "12345").await, StatusCode::OK);
    assert_eq!(store.head("up/one").await.unwrap().unwrap().size, 5);
    assert_eq!(upload(&put.url, "image/png", "123456").await, StatusCode::FORBIDDEN, "another length");
    assert_eq!(upload(&put.url, "text/html", "12345").await, StatusCode::FORBIDDEN, "another type");
    let elsewhere = put.url.replacen("up/one", "up/two", 1);
    assert_eq!(upload(&elsewhere, "image/png", "12345").await, StatusCode::FORBIDDEN, "another key");
    assert_eq!(store.head("up/two").await.unwrap(), None);
    store.remove_bucket().await.unwrap();
}

#[tokio::test]
async fn a_presigned_get_decides_name_and_type() {
    let store = store().await;
    store.put("down", Bytes::from_static(b"<script>"), "text/html").await.unwrap();
    let url = store.presign_get("down", "né.txt", "text/plain", MINUTE).await.unwrap();
    let answer = browser().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/plain");
    let disposition = "attachment; filename=\"n_.txt\"; filename*=UTF-8''n%C3%A9.txt";
    assert_eq!(answer.headers()[CONTENT_DISPOSITION], disposition);
    assert_eq!(answer.text().await.unwrap(), "<script>");

    let forged = url.replacen("text%2Fplain", "text%2Fhtml", 1);
    assert_ne!(forged, url);
    assert_eq!(browser().get(&forged).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let inline = store.presign_inline("down", "image/webp", MINUTE).await.unwrap();
    let answer = browser().get(&inline).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_DISPOSITION], "inline");
    assert_eq!(answer.headers()[CONTENT_TYPE], "image/webp");
    store.remove_bucket().await.unwrap();
}

#[tokio::test]
async fn presigned_urls_stand_on_the_address_that_browsers_reach() {
    let config = S3Config {
        endpoint: Some("http://storage.internal:9000".to_owned()),
        public_endpoint: Some("https://files.example.org/".to_owned()),
        access_key: Some("key".into()),
        secret_key: Some("hunter2".into()),
        ..config()
    };
    let store = ObjectStore::connect(&config).await.unwrap();
    let url = store.presign_get("k", "k.txt", "text/plain", MINUTE).await.unwrap();
    let place = format!("https://files.example.org/{}/k?", config.bucket);
    assert!(url.starts_with(&place), "{url}");
    let put = store.presign_put("k", "text/plain", 1, MINUTE).await.unwrap();
    assert!(put.url.starts_with(&place), "{}", put.url);
    assert!(!format!("{url} {config:?} {store:?}").contains("hunter2"));
    let month = Duration::from_secs(31 * 24 * 3600);
    assert!(matches!(store.presign_get("k", "k", "a/b", month).await, Err(StoreError::Rejected { .. })));
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_named() {
    let cases = [
        (S3Config { endpoint: Some("storage:9000".to_owned()), ..config() }, "s3.endpoint"),
        (S3Config { public_endpoint: Some("ftp://x".to_owned()), ..config() }, "s3.public_endpoint"),
        (S3Config { bucket: "ab".to_owned(), ..config() }, "s3.bucket"),
        (S3Config { secret_key: None, ..config() }, "s3.secret_key"),
        (S3Config { region: String::new(), ..config() }, "s3.region"),
    ];
    for (config, key) in cases {
        let error = ObjectStore::connect(&config).await.unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
}

/// An object is there when it is complete, with all its parts in order; one that was given up is not.
#[tokio::test]
async fn an_object_is_written_part_by_part() {
    let store = store().await;
    let mut upload = store.begin_upload("big", "application/zip").await.unwrap();
    upload.put_part(Bytes::from(vec![b'a'; Upload::PART_BYTES])).await.unwrap();
    upload.put_part(Bytes::from_static(b"the end")).await.unwrap();
    assert_eq!(store.head("big").await.unwrap(), None);
    upload.complete().await.unwrap();
    let head = store.head("big").await.unwrap().unwrap();
    let size = u64::try_from(Upload::PART_BYTES).unwrap() + 7;
    assert_eq!((head.size, head.content_type.as_deref()), (size, Some("application/zip")));
    let end = store.get_range("big", size - 8..size).await.unwrap();
    assert_eq!(end.as_deref(), Some(&b"athe end"[..]));
    let mut given_up = store.begin_upload("other", "text/plain").await.unwrap();
    given_up.put_part(Bytes::from_static(b"x")).await.unwrap();
    given_up.abort().await.unwrap();
    assert_eq!(store.head("other").await.unwrap(), None);
    store.remove_bucket().await.unwrap();
}

/// Uploads that nobody ended are found by their key and given up; those of other keys go on.
#[tokio::test]
async fn uploads_that_were_left_behind_are_aborted_by_their_key() {
    let store = store().await;
    for _ in 0..2 {
        let mut left = store.begin_upload("exports/a", "application/zip").await.unwrap();
        left.put_part(Bytes::from_static(b"x")).await.unwrap();
        drop(left);
    }
    let mut other = store.begin_upload("exports/ab", "application/zip").await.unwrap();
    other.put_part(Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(store.list_uploads("exports/a").await.unwrap().len(), 2);
    assert_eq!(store.abort_uploads("exports/a").await.unwrap(), 2);
    assert_eq!(store.list_uploads("exports/a").await.unwrap().len(), 0);
    assert_eq!(store.abort_uploads("exports/a").await.unwrap(), 0);
    assert_eq!(store.abort_uploads("nobody").await.unwrap(), 0);
    other.complete().await.unwrap();
    assert_eq!(store.list_uploads("exports/ab").await.unwrap().len(), 0);
    assert_eq!(store.get_range("exports/ab", 0..9).await.unwrap().unwrap(), "y");
    store.remove_bucket().await.unwrap();
}
