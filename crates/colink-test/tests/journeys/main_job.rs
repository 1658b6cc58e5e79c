//! The main job, end to end: from a mail address to a message on the other node's socket.

use std::time::Duration;

use colink_test::{SOON, Stage, eventually, unique};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::cast::{Person, sign_up_as};
use crate::company::{Company, admin_email, open, plan};
use crate::listener::Listener;
use crate::{outsiders, records};

const POSTS: usize = 200;

/// W-1, W-2, C-1, C-2, M-1, M-2, M-3, M-4, M-5, M-10, R-1, R-2, R-3, R-4, R-7, S-1, S-2, S-3, D-3: two people on
/// two presence nodes see every message once and in order, whatever is repeated or cut off; every one is found and audited, and
/// whoever is not in the channel sees none.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_two_nodes_see_every_change_once_and_in_order() {
    let stage = Stage::with_own_topics();
    let mut company = open(plan(&stage)).await;
    let (gateway, second) = (company.fleet.client("gateway"), company.fleet.client("presence-2"));
    let mut alice = Listener::follow(gateway.base_url(), &company.alice.token, &company.channel).await;
    let mut bob = Listener::follow(second.base_url(), &company.bob.token, &company.channel).await;

    let first = post_all(&company, 0..POSTS / 2).await;
    bob.until(POSTS as i64 / 2).await;
    // Bob's connection ends without a word. While he is away there are posts, edits and deletions of what he has and of what he
    // misses; and it goes on while he comes back on the other node.
    let away = bob.cut();
    let missed = post_all(&company, POSTS / 2..POSTS * 3 / 4).await;
    change(&company, [&first[3], &missed[3]], [&first[5], &missed[5]]).await;
    let path = format!("/api/messages/{}/reactions", id(&first[7]));
    company.bob.api.post(&path, &json!({"emoji": "👍"})).await.expect(201);
    let going_on = async {
        let rest = post_all(&company, POSTS * 3 / 4..POSTS).await;
        change(&company, [&missed[7], &rest[3]], [&missed[9], &rest[5]]).await;
        rest
    };
    let (mut bob, rest) = tokio::join!(away.resume(gateway.base_url(), &company.bob.token), going_on);

    let head = POSTS as i64 + 9;
    alice.until(head).await;
    bob.until(head).await;
    same_history(&alice.frames, &bob.frames, [&missed[5], &missed[9], &rest[5]].map(id));
    let read = bob.frames.iter().find(|frame| frame["data"]["id"] == missed[5]["id"]).unwrap();
    assert_eq!(read["data"]["content"], "", "deleted before he returned");
    assert_eq!(count(&alice.frames, "message"), POSTS);
    for (kind, times) in [("message_updated", 4), ("message_deleted", 4), ("reaction_added", 1)] {
        assert_eq!(count(&alice.frames, kind), times, "{kind}");
    }
    let log = company
        .alice
        .api
        .get(&format!("/api/channels/{}/events?after=0&limit=500", company.channel))
        .await
        .expect(200);
    let seqs: Vec<i64> =
        log.value("/events").as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());

    let root = sign_up_as(&mut company.fleet, &format!("root-{}", unique()), &admin_email(&stage)).await;
    records::every_post_is_found(&company, &alice.frames).await;
    records::every_change_is_audited(&root, &company.workspace, &alice.frames).await;
    let carol = outsiders::join(&mut company, "carol").await;
    outsiders::a_colleague_sees_nothing(&mut company, &carol, head).await;
    outsiders::strangers_see_nothing(&mut company).await;
}

/// Posts with eight at a time; every post is sent twice at once.
async fn post_all(company: &Company, numbers: std::ops::Range<usize>) -> Vec<Value> {
    let posts = stream::iter(numbers).map(|number| async move {
        let person = if number % 2 == 0 { &company.alice } else { &company.bob };
        person
            .post_twice(&company.channel, &format!("message number {number}"), &format!("msg-{number}"))
            .await
    });
    posts.buffered(8).collect().await
}

/// Edits two messages and deletes two.
async fn change(company: &Company, edited: [&Value; 2], deleted: [&Value; 2]) {
    for message in edited {
        let body = json!({"content": "as it should have been"});
        let path = format!("/api/messages/{}", id(message));
        author(company, message).api.put(&path, &body).await.expect(200);
    }
    for message in deleted {
        author(company, message).api.delete(&format!("/api/messages/{}", id(message))).await.expect(204);
    }
}

/// Both hold the same events. A message that was deleted before he read it in the log has lost its text there.
fn same_history(hers: &[Value], his: &[Value], deleted: [&str; 3]) {
    assert_eq!(hers.len(), his.len());
    for (hers, his) in hers.iter().zip(his) {
        let is_deleted = hers["type"] == "message" && deleted.contains(&id(&hers["data"]));
        if is_deleted && his["data"]["content"] == "" {
            assert_eq!((&his["seq"], &his["data"]["id"]), (&hers["seq"], &hers["data"]["id"]));
        } else {
            assert_eq!(hers, his, "both hold the same history");
        }
    }
}

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

fn author<'a>(company: &'a Company, message: &Value) -> &'a Person {
    if message["author"]["id"] == company.alice.id.as_str() { &company.alice } else { &company.bob }
}

fn count(frames: &[Value], kind: &str) -> usize {
    frames.iter().filter(|frame| frame["type"] == kind).count()
}

/// F-1, F-5, S-1, S-2, D-3: what was posted is found, audited, and a file goes up and comes down, for whoever is in the channel.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_is_found_and_audited_and_a_file_goes_up_and_down() {
    let stage = Stage::with_own_topics();
    let mut company = open(plan(&stage)).await;
    let root = sign_up_as(&mut company.fleet, &format!("root-{}", unique()), &admin_email(&stage)).await;

    let message = company.alice.post(&company.channel, "the zeppelin leaves at noon").await;
    let query = format!("/api/search?q=zeppelin&workspace_id={}", company.workspace);
    let found = eventually("the message is found", SOON, async || {
        let answer = company.bob.api.get(&query).await.expect(200);
        answer.value("/items/0/id").as_str().map(str::to_owned)
    });
    assert_eq!(found.await, message["id"].as_str().unwrap());

    let audit = format!("/api/admin/audit-log?action=message.created&user_id={}", company.alice.id);
    company.alice.api.get(&audit).await.expect(403);
    let entry = eventually("the post is in the audit log", SOON, async || {
        root.api.get(&audit).await.expect(200).value("/items").as_array()?.first().cloned()
    })
    .await;
    assert!(!entry.to_string().contains("zeppelin"), "the log says who did what, not what was said: {entry}");

    let file = a_file_goes_up_and_down(&company).await;
    let carol = outsiders::join(&mut company, "carol").await;
    outsiders::a_file_is_closed(&company, &carol, &file).await;
}

/// The file's id.
async fn a_file_goes_up_and_down(company: &Company) -> String {
    let text = "minutes of the meeting\n".repeat(50);
    let upload = json!({"filename": "minutes.txt", "content_type": "text/plain", "size": text.len(), "channel_id": company.channel});
    let upload = company.alice.api.post("/api/files/upload-url", &upload).await.expect(201);
    let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut put = http.put(upload.text("/upload_url")).body(text.clone());
    for (name, value) in upload.value("/headers").as_object().into_iter().flatten() {
        put = put.header(name, value.as_str().unwrap());
    }
    let stored = put.send().await.unwrap();
    assert!(stored.status().is_success(), "{}", stored.text().await.unwrap());
    let file = upload.text("/file_id");
    company.alice.api.post(&format!("/api/files/{file}/confirm"), &json!({})).await.expect(200);
    let link = company.bob.api.get(&format!("/api/files/{file}/download-url")).await.expect(200);
    let answer = http.get(link.text("/download_url")).send().await.unwrap();
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert_eq!(answer.text().await.unwrap(), text);
    file
}
