//! The workspace and its channels, with everybody in them.

use serde_json::{Value, json};

use super::api::{Api, Reply, find, text};
use super::people::User;
use crate::failure::{Failure, Outcome};

const WORKSPACE: (&str, &str) = ("Demo", "demo");

/// A channel of the demo workspace.
struct Plan {
    name: &'static str,
    kind: &'static str,
    topic: &'static str,
    /// How many of the users are in it, counted from the first.
    members: usize,
}

const CHANNELS: &[Plan] = &[
    Plan { name: "general", kind: "public", topic: "What everybody should know", members: usize::MAX },
    Plan { name: "engineering", kind: "public", topic: "Building it", members: usize::MAX },
    Plan { name: "leads", kind: "private", topic: "Planning", members: 2 },
];

/// A channel that exists.
#[derive(Debug)]
pub(super) struct Room {
    /// Its id.
    pub(super) id: String,
    /// How many of the users are in it, counted from the first.
    pub(super) members: usize,
}

/// Makes what is missing. The first user owns it all.
pub(super) fn furnish(users: &[User]) -> Outcome<Vec<Room>> {
    let (owner, others) =
        users.split_first().ok_or_else(|| Failure::new("there is nobody to own the workspace"))?;
    let workspace = workspace(&owner.api)?;
    invite(&workspace, &owner.api, others)?;
    let api = owner.api.in_workspace(&workspace);
    let present = api.get("/channels?page_size=100")?.expect("list the channels")?;
    CHANNELS.iter().map(|plan| room(plan, &present, &api, users)).collect()
}

fn workspace(owner: &Api) -> Outcome<String> {
    let (name, slug) = WORKSPACE;
    let present = owner.get("/workspaces?page_size=100")?.expect("list the workspaces")?;
    if let Some(workspace) = find(&present, "slug", slug) {
        return text(workspace, "/id");
    }
    let made =
        owner.post("/workspaces", &json!({ "name": name, "slug": slug }))?.expect("make the workspace")?;
    text(&made, "/id")
}

/// Invites everybody who is not in the workspace yet; the first of them as an admin.
fn invite(workspace: &str, owner: &Api, others: &[User]) -> Outcome<()> {
    for (index, user) in others.iter().enumerate() {
        let mine = user.api.get("/workspaces?page_size=100")?.expect("list the workspaces")?;
        if find(&mine, "id", workspace).is_some() {
            continue;
        }
        let role = if index == 0 { "admin" } else { "member" };
        let body = json!({ "role": role, "max_uses": 1 });
        let invite = owner.post(&format!("/workspaces/{workspace}/invites"), &body)?.expect("invite")?;
        let token = text(&invite, "/token")?;
        user.api.post(&format!("/invites/{token}/accept"), &json!({}))?.expect("accept an invitation")?;
    }
    Ok(())
}

fn room(plan: &Plan, present: &Value, owner: &Api, users: &[User]) -> Outcome<Room> {
    let id = match find(present, "slug", plan.name).or_else(|| find(present, "name", plan.name)) {
        Some(channel) => text(channel, "/id")?,
        None => {
            let body = json!({ "name": plan.name, "kind": plan.kind, "topic": plan.topic });
            text(&owner.post("/channels", &body)?.expect("make a channel")?, "/id")?
        }
    };
    let members = plan.members.min(users.len());
    for user in users.iter().take(members).skip(1) {
        let reply = match plan.kind {
            "public" => user.api.post(&format!("/channels/{id}/join"), &json!({}))?,
            _ => owner.post(&format!("/channels/{id}/members"), &json!({ "user_id": user.id }))?,
        };
        unless_done(reply, "bring someone into a channel")?;
    }
    Ok(Room { id, members })
}

/// 409 says that it was so already.
fn unless_done(reply: Reply, doing: &str) -> Outcome<()> {
    if reply.status == 409 { Ok(()) } else { reply.expect(doing).map(|_| ()) }
}
