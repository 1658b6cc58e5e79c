//! Messages, threads, reactions and files. Each message has a `client_msg_id` of its own, so that sending it again
//! answers the first one.

use serde_json::{Value, json};

use super::api::{find, text};
use super::people::User;
use super::rooms::Room;
use crate::failure::{Failure, Outcome};
use crate::http;

/// Every message of the demo workspace.
const MESSAGES: usize = 50;

/// Every so many messages one starts a thread, which the next two answer.
const THREAD_EVERY: usize = 10;

const LINES: &[&str] = &[
    "Good morning! The release branch is cut.",
    "I moved the **retry** into the client, so the server stays simple.",
    "Does anybody object to `seq` as the name of the field?",
    "The dashboards are green since Tuesday.",
    "Reviewing the migration now; it looks *safe* to me.",
    "We should write that down before we forget it.",
    "See the runbook: 1. drain 2. restart 3. watch the lag.",
    "> it works on my machine\n\nAnd now it works on mine, too.",
    "Who is on call over the weekend?",
    "The customer confirmed: the import is twice as fast.",
];

const EMOJI: &[&str] = &["👍", "🎉", "❤️", "🚀", "👀", "😄", "🙏", "🔥", "✅", "💯"];

const FILES: &[(&str, &str, &str)] = &[
    ("welcome.txt", "text/plain", "Welcome to CoLink.\n"),
    ("roadmap.md", "text/markdown", "# Roadmap\n\n- calls\n- canvases\n"),
];

/// Says everything there is to say, and answers how many messages that are.
pub(super) fn talk(users: &[User], rooms: &[Room]) -> Outcome<usize> {
    let mut sent = Vec::new();
    let mut root: Option<(usize, String)> = None;
    for number in 0..MESSAGES {
        let room = number / THREAD_EVERY % rooms.len();
        let position = number % THREAD_EVERY;
        let thread = root.as_ref().filter(|(at, _)| *at == room && (1..=2).contains(&position));
        let id = send(users, rooms, room, number, thread.map(|(_, id)| id.as_str()))?;
        if position == 0 {
            root = Some((room, id.clone()));
        }
        sent.push((room, id));
    }
    react(users, rooms, &sent)?;
    upload(users, rooms)?;
    Ok(sent.len())
}

fn send(users: &[User], rooms: &[Room], room: usize, number: usize, thread: Option<&str>) -> Outcome<String> {
    let room = rooms.get(room).ok_or_else(|| Failure::new("there is no such channel"))?;
    let author = pick(users, number, room.members)?;
    let line = LINES.get(number % LINES.len()).copied().unwrap_or_default();
    let mut body = json!({ "content": line, "client_msg_id": format!("demo-{number:03}") });
    if let (Some(root), Some(fields)) = (thread, body.as_object_mut()) {
        fields.insert("thread_id".to_owned(), Value::from(root));
    }
    let message =
        author.api.post(&format!("/channels/{}/messages", room.id), &body)?.expect("send a message")?;
    text(&message, "/id")
}

fn react(users: &[User], rooms: &[Room], sent: &[(usize, String)]) -> Outcome<()> {
    for (number, emoji) in EMOJI.iter().enumerate() {
        let Some((room, message)) = sent.get(number * 5) else { continue };
        let members = rooms.get(*room).map_or(1, |room| room.members);
        let reply = pick(users, number + 1, members)?
            .api
            .post(&format!("/messages/{message}/reactions"), &json!({ "emoji": emoji }))?;
        // It stands there already, or somebody has deleted the message since.
        if !matches!(reply.status, 404 | 409) {
            reply.expect("react")?;
        }
    }
    Ok(())
}

fn upload(users: &[User], rooms: &[Room]) -> Outcome<()> {
    let (Some(user), Some(room)) = (users.first(), rooms.first()) else { return Ok(()) };
    let present = user.api.get(&format!("/files?channel_id={}", room.id))?.expect("list the files")?;
    for (name, content_type, content) in FILES {
        if find(&present, "filename", name).is_some() {
            continue;
        }
        let body = json!({
            "channel_id": room.id, "filename": name, "content_type": content_type, "size": content.len(),
        });
        let ticket = user.api.post("/files/upload-url", &body)?.expect("ask for an upload address")?;
        put(&ticket, content_type, content)?;
        let id = text(&ticket, "/file_id").or_else(|_| text(&ticket, "/id"))?;
        user.api.post(&format!("/files/{id}/confirm"), &json!({}))?.expect("confirm an upload")?;
    }
    Ok(())
}

fn put(ticket: &Value, content_type: &str, content: &str) -> Outcome<()> {
    let url = text(ticket, "/upload_url").or_else(|_| text(ticket, "/url"))?;
    let mut headers = vec![("content-type", content_type)];
    if let Some(given) = ticket.get("headers").and_then(Value::as_object) {
        headers = given.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        headers.retain(|(name, _)| !matches!(name.to_ascii_lowercase().as_str(), "host" | "content-length"));
    }
    let answer = http::request("PUT", &url, &headers, content.as_bytes())
        .map_err(|error| Failure::new(format!("could not upload a file: {error}")))?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(Failure::new(format!("the object store refused an upload: {} {}", answer.status, answer.text())))
}

/// One of the first `members` users, in turn.
fn pick(users: &[User], turn: usize, members: usize) -> Outcome<&User> {
    users.get(turn % members.max(1)).ok_or_else(|| Failure::new("there is nobody to speak"))
}
