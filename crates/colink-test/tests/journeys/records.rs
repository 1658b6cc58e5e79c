//! What is kept of a channel's posts beside the channel: the search index and the audit log.

use std::collections::BTreeMap;

use colink_test::{SOON, eventually};
use serde_json::Value;

use crate::cast::Person;
use crate::company::Company;

/// Whoever is in the channel finds every message of `frames` as it now stands, and none that was deleted: by the channel, and
/// by a word.
pub async fn every_post_is_found(company: &Company, frames: &[Value]) {
    let posts = as_they_stand(frames);
    assert!(posts.len() > 100, "more than one page");
    let with_word: BTreeMap<String, String> =
        posts.clone().into_iter().filter(|(_, text)| text.contains("number")).collect();
    for (query, wanted) in [("", &posts), ("&q=number", &with_word)] {
        eventually(&format!("all posts are found with {query:?}"), SOON, async || {
            (found(company, query).await == *wanted).then_some(())
        })
        .await;
    }
}

/// The audit log has every post, edit and deletion of `frames` once.
pub async fn every_change_is_audited(root: &Person, workspace: &str, frames: &[Value]) {
    for (kind, action) in [
        ("message", "message.created"),
        ("message_updated", "message.updated"),
        ("message_deleted", "message.deleted"),
    ] {
        let changes = frames.iter().filter(|frame| frame["type"] == kind);
        let mut wanted: Vec<String> = changes.map(|frame| text(&frame["data"]["id"])).collect();
        wanted.sort_unstable();
        assert!(!wanted.is_empty(), "{kind}");
        eventually(&format!("every {action} is in the audit log"), SOON, async || {
            (audited(root, workspace, action).await == wanted).then_some(())
        })
        .await;
    }
}

/// What the messages say after all of it, by their ids.
fn as_they_stand(frames: &[Value]) -> BTreeMap<String, String> {
    let mut posts = BTreeMap::new();
    for frame in frames {
        let (kind, data) = (frame["type"].as_str(), &frame["data"]);
        match kind {
            Some("message" | "message_updated") => {
                posts.insert(text(&data["id"]), text(&data["content"]));
            }
            Some("message_deleted") => {
                posts.remove(&text(&data["id"]));
            }
            _ => {}
        }
    }
    posts
}

/// Everything that a search in the channel finds, page by page.
async fn found(company: &Company, query: &str) -> BTreeMap<String, String> {
    let (mut posts, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let (workspace, channel) = (&company.workspace, &company.channel);
        let path =
            format!("/api/search?workspace_id={workspace}&channel_id={channel}&limit=100{query}{cursor}");
        let page = company.bob.api.get(&path).await.expect(200);
        for hit in page.value("/items").as_array().unwrap() {
            posts.insert(text(&hit["id"]), text(&hit["content"]));
        }
        match page.value("/next_cursor") {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return posts,
        }
    }
}

/// The ids of what `action` was done to in the workspace, page by page.
async fn audited(root: &Person, workspace: &str, action: &str) -> Vec<String> {
    let (mut ids, mut number) = (Vec::new(), 1);
    loop {
        let filter = format!("action={action}&workspace_id={workspace}&sort=at");
        let path = format!("/api/admin/audit-log?{filter}&page={number}&page_size=100");
        let page = root.api.get(&path).await.expect(200);
        let entries = page.value("/items");
        ids.extend(entries.as_array().unwrap().iter().map(|entry| text(&entry["resource"]["id"])));
        if number >= page.value("/pages").as_i64().unwrap() {
            ids.sort_unstable();
            return ids;
        }
        number += 1;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
