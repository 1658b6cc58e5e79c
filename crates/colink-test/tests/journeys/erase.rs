//! Somebody erases his account, as everybody else sees it.

use std::time::{Duration, Instant};

use colink_test::{SOON, Socket, Stage, eventually};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::cast::Person;
use crate::company::{Company, open, plan};
use crate::traces;

/// how long old tokens and sockets may go on.
const AT_ONCE: Duration = Duration::from_secs(2);

/// M-9, S-2, W-2: what he said and shared stays, written by "Deleted user"; his name and address are in no
/// store any more; his tokens and sockets end at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_user_leaves_only_what_he_said() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let me = company.bob.api.get("/api/users/me").await.expect(200);
    let (username, email) = (me.text("/username"), me.text("/email"));
    let (message, mention, file) = before(&company, &username, &email).await;
    await_found(&company, &message, &username).await;
    assert!(!traces::find(&company.fleet, &username).await.is_empty());
    assert!(!traces::find(&company.fleet, &email).await.is_empty());

    let node = company.fleet.client("presence-2").base_url().replacen("http", "ws", 1);
    let mut socket = Socket::connect(&format!("{node}/ws?token={}", company.bob.token)).await;
    socket.await_type("hello").await;
    company.bob.api.get(&format!("/api/users/{}", company.alice.id)).await.expect(200);
    company.bob.api.post("/api/users/me/erase", &json!({ "username": username })).await.expect(204);
    ended_at_once(&company, socket, Instant::now()).await;

    history_names_nobody(&company, &message, &mention, &username).await;
    await_found(&company, &message, "Deleted user").await;
    files_and_members_name_nobody(&company, &file).await;
    for words in [&username, &email] {
        eventually("no store knows him any more", SOON, async || {
            let left = traces::find(&company.fleet, words).await;
            if left.is_empty() { Some(()) } else { None }
        })
        .await;
    }
    let login = json!({ "email": email, "password": crate::cast::PASSWORD });
    company.fleet.client("gateway").post("/api/auth/login", &login).await.expect(401);
}

/// He posts, edits, shares a file and is mentioned and invited: the ids of his message, of the mention and of the file.
async fn before(company: &Company, username: &str, email: &str) -> (String, String, String) {
    let Company { alice, bob, channel, workspace, .. } = company;
    let message = bob.post(channel, "the airship leaves at dawn").await;
    let message = message["id"].as_str().unwrap().to_owned();
    let path = format!("/api/messages/{message}");
    bob.api.put(&path, &json!({ "content": "the airship leaves at noon" })).await.expect(200);
    let mention = alice.post(channel, &format!("thank you, @{username}!")).await;
    let invite = json!({ "role": "member", "email": email });
    alice.api.post(&format!("/api/workspaces/{workspace}/invites"), &invite).await.expect(201);
    let file = share(bob, channel).await;
    (message, mention["id"].as_str().unwrap().to_owned(), file)
}

async fn share(person: &Person, channel: &str) -> String {
    let bytes = b"a map of the route\n";
    let upload = json!({ "filename": "route.txt", "content_type": "text/plain", "size": bytes.len(), "channel_id": channel });
    let upload = person.api.post("/api/files/upload-url", &upload).await.expect(201);
    let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let mut put = http.put(upload.text("/upload_url")).body(bytes.to_vec());
    for (name, value) in upload.value("/headers").as_object().into_iter().flatten() {
        put = put.header(name, value.as_str().unwrap());
    }
    assert!(put.send().await.unwrap().status().is_success());
    let file = upload.text("/file_id");
    person.api.post(&format!("/api/files/{file}/confirm"), &json!({})).await.expect(200);
    file
}

/// His token and his socket have ended in time since he was erased, each by itself.
async fn ended_at_once(company: &Company, mut socket: Socket, erased_at: Instant) {
    let paths = [
        format!("/api/channels/{}/messages", company.channel),
        "/api/users/me".to_owned(),
        "/api/workspaces".to_owned(),
    ];
    let refused = join_all(paths.iter().map(|path| async move {
        eventually("his token is refused everywhere", SOON, async || {
            (company.bob.api.get(path).await.status == 401).then_some(())
        })
        .await;
        erased_at.elapsed()
    }));
    let closed = async {
        assert_eq!(socket.await_close().await.0, 4003);
        erased_at.elapsed()
    };
    let (refused, closed) = tokio::join!(refused, closed);
    let slowest = refused.iter().max().unwrap();
    assert!(*slowest < AT_ONCE && closed < AT_ONCE, "calls after {slowest:?}, the socket after {closed:?}");
}

/// A colleague's search finds his message, with this name beside it.
async fn await_found(company: &Company, message: &str, name: &str) {
    let query = format!("/api/search?q=airship&workspace_id={}", company.workspace);
    eventually("search names the author as it should", SOON, async || {
        let answer = company.alice.api.get(&query).await.expect(200);
        let items = answer.value("/items");
        let found = items.as_array()?.iter().find(|item| item.to_string().contains(message))?.clone();
        found.to_string().contains(name).then_some(())
    })
    .await;
}

async fn history_names_nobody(company: &Company, message: &str, mention: &str, username: &str) {
    let path = format!("/api/channels/{}/messages", company.channel);
    let shown: Vec<Value> = eventually("the history names nobody", SOON, async || {
        let page = company.alice.api.get(&path).await.expect(200).value("/items");
        (!page.to_string().contains(username)).then(|| page.as_array().cloned().unwrap_or_default())
    })
    .await;
    let of = |id: &str| shown.iter().find(|item| item["id"] == id).unwrap();
    assert_eq!(of(message)["author"]["display_name"], "Deleted user");
    assert_eq!(of(message)["content"], "the airship leaves at noon");
    assert!(of(mention)["content"].as_str().unwrap().starts_with("thank you, @deleted-"));
    let log = format!("/api/channels/{}/events?after=0&limit=500", company.channel);
    let log = company.alice.api.get(&log).await.expect(200).json().to_string();
    assert!(!log.contains(username) && log.contains("Deleted user"), "{log}");
}

async fn files_and_members_name_nobody(company: &Company, file: &str) {
    let alice = &company.alice.api;
    let query = format!("/api/search?q=route&tab=files&workspace_id={}", company.workspace);
    eventually("search names the uploader as it should", SOON, async || {
        let items = alice.get(&query).await.expect(200).value("/items").to_string();
        (items.contains(file) && items.contains("Deleted user")).then_some(())
    })
    .await;
    let seen = alice.get(&format!("/api/files/{file}")).await.expect(200);
    assert_eq!(seen.text("/uploader_id"), company.bob.id);
    eventually("he is in no list of members", SOON, async || {
        let members = alice.get(&format!("/api/workspaces/{}/members", company.workspace)).await.expect(200);
        let channel = alice.get(&format!("/api/channels/{}/members", company.channel)).await.expect(200);
        let listed = format!("{} {}", members.json(), channel.json());
        (!listed.contains(&company.bob.id)).then_some(())
    })
    .await;
}
