//! Ids of what belongs to others or is gone, at every endpoint.

use colink_test::{Foreign, Stage, TestUser, Told, assert_foreign_ids};
use serde_json::json;

use crate::harness::World;
use crate::workspace_members_add::Company;

/// What somebody may name.
struct Place {
    workspace: String,
    channel: String,
    user: String,
    invite: String,
    token: String,
}

impl Place {
    /// A workspace of `owner` with an invitation and a private channel that `user` is in.
    async fn of(world: &World, owner: &TestUser, user: &TestUser) -> Self {
        let workspace = world.workspace(owner).await;
        if user.id != owner.id {
            world.join(owner, &workspace, user, "member").await;
        }
        let channel = world.channel(owner, &workspace, "engine room", "private").await;
        let (client, id) = (world.client(owner), user.id);
        client.post(&format!("/channels/{channel}/members"), &json!({ "user_id": id })).await.expect(200);
        let made = client.post(&format!("/workspaces/{workspace}/invites"), &json!({})).await.expect(201);
        let (invite, token) = (made.text("/id"), made.text("/token"));
        Self { workspace, channel, user: id.to_string(), invite, token }
    }

    fn ids(&self) -> [(&str, &str); 5] {
        [
            ("workspace_id", &self.workspace),
            ("X-Workspace-Id", &self.workspace),
            ("channel_id", &self.channel),
            ("user_id", &self.user),
            ("invite_id", &self.invite),
        ]
    }

    /// The same without the header, which stands for the parameter.
    fn own(&self) -> [(&str, &str); 4] {
        let [workspace, _, channel, user, invite] = self.ids();
        [workspace, channel, user, invite]
    }
}

/// C-3, T-4: whoever is not in a workspace is told of its things what he is told of nothing, with ids of his own beside them
/// too; a member is told that a private channel or a conversation is closed. Nothing changes.
#[tokio::test]
async fn what_belongs_to_others_is_as_good_as_nothing() {
    // What other tests tell of their users would be stored here too.
    let company = Company::on(&Stage::with_own_topics()).await;
    let world = &company.world;
    let [ada, alan, eve] = ["ada", "alan", "eve"].map(|name| world.user(name));
    let theirs = Place::of(world, &ada, &alan).await;
    let own = Place::of(world, &eve, &eve).await;
    let (workspace, channel) = (theirs.workspace.as_str(), theirs.channel.as_str());
    let grace = world.member(&ada, workspace, "grace", "member").await;
    let gone = world.member(&ada, workspace, "gone", "admin").await;
    world.client(&gone).post(&format!("/workspaces/{workspace}/leave"), &json!({})).await.expect(204);
    let bot = company.bot(&ada).id.to_string();
    let archived = world.channel(&ada, workspace, "old engine", "private").await;
    world.client(&ada).delete(&format!("/channels/{archived}")).await.expect(204);
    let body = json!({ "workspace_id": workspace, "participant_ids": [alan.id] });
    let dm = world.client(&ada).post("/dms", &body).await.expect(201).text("/id");

    let (ids, own) = (theirs.ids(), own.own());
    let scene = |what, user, ids, own, told| {
        let client = world.client(user);
        Foreign { what, client, ids, own, told, unless: &[] }
    };
    let (bot, archived, dm) = ([("user_id", &*bot)], [("channel_id", &*archived)], [("channel_id", &*dm)]);
    let (private, member) = ([("channel_id", channel)], [("user_id", theirs.user.as_str())]);
    let (invite, inside) = ([("invite_id", theirs.invite.as_str())], [("workspace_id", workspace)]);
    assert_foreign_ids(
        &world.service,
        &[
            scene("an outsider", &eve, &ids, &own, Told::Nothing),
            scene("an outsider, a bot", &eve, &bot, &own, Told::Nothing),
            scene("an outsider, an archived channel", &eve, &archived, &own, Told::Nothing),
            scene("an outsider, a conversation", &eve, &dm, &own, Told::Nothing),
            scene("who was in the workspace", &gone, &ids, &[], Told::Nothing),
            scene("a member outside the channel", &grace, &private, &member, Told::Forbidden),
            scene("a member outside the archived channel", &grace, &archived, &member, Told::Forbidden),
            scene("a member outside the conversation", &grace, &dm, &member, Told::Forbidden),
            scene("a member, an invitation", &grace, &invite, &inside, Told::Forbidden),
        ],
    )
    .await;
    company.world.service.finish().await;
}

/// W-1, W-2, T-4: what was deleted, withdrawn or left is as good as nothing, to who was in it and to others.
#[tokio::test]
async fn what_is_gone_is_as_good_as_nothing() {
    // What other tests tell of their users would be stored here too.
    let company = Company::on(&Stage::with_own_topics()).await;
    let world = &company.world;
    let [ada, alan, eve] = ["ada", "alan", "eve"].map(|name| world.user(name));
    let left = Place::of(world, &ada, &alan).await;
    let gone = Place::of(world, &ada, &world.user("gone")).await;
    let own = Place::of(world, &eve, &eve).await;
    let client = world.client(&ada);
    let withdrawn = client.post(&format!("/workspaces/{}/invites", left.workspace), &json!({})).await;
    let (withdrawn, token) = (withdrawn.text("/id"), withdrawn.text("/token"));
    client.delete(&format!("/workspaces/{}/invites/{withdrawn}", left.workspace)).await.expect(204);
    client.delete(&format!("/workspaces/{}", gone.workspace)).await.expect(204);
    let former = world.member(&ada, &left.workspace, "former", "member").await.id.to_string();
    client.delete(&format!("/workspaces/{}/members/{former}", left.workspace)).await.expect(204);

    let of_workspace = gone.ids().into_iter().chain([("token", gone.token.as_str())]);
    let of_workspace: Vec<_> = of_workspace.collect();
    let of_members = [("user_id", &*former), ("invite_id", &*withdrawn), ("token", &*token)];
    let (inside, outside) = (left.own(), own.own());
    let scene = |what, user, ids, own| {
        let client = world.client(user);
        Foreign { what, client, ids, own, told: Told::Nothing, unless: &[] }
    };
    assert_foreign_ids(
        &world.service,
        &[
            scene("its owner, a workspace", &ada, &of_workspace, &inside),
            scene("an outsider, a workspace", &eve, &of_workspace, &outside),
            scene("an owner, a member and an invitation", &ada, &of_members, &inside),
            scene("an outsider, a member and an invitation", &eve, &of_members, &outside),
        ],
    )
    .await;
    company.world.service.finish().await;
}
