//! Ids of what belongs to others or is gone, at every endpoint.

use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::role::{ChannelKind, WorkspaceRole};
use colink_test::{Foreign, Settings, Stage, Told, assert_foreign_ids};
use serde_json::json;

use crate::harness::{Person, World};

/// 👍, as it stands in a path.
const EMOJI: (&str, &str) = ("emoji", "%F0%9F%91%8D");

/// A private channel with a thread, and who is how near to it.
struct Fixture {
    world: World,
    /// In the channel, and keeps order there.
    ada: Person,
    /// Was in the channel, wrote the reply and reacted.
    bob: Person,
    /// In the workspace, not in the channel.
    carol: Person,
    /// In another workspace.
    eve: Person,
    workspace: String,
    channel: ChannelId,
    root: String,
    reply: String,
    reaction: String,
    /// Of Eve.
    own_channel: String,
    own_message: String,
}

impl Fixture {
    async fn make() -> Self {
        // What other tests tell of their channels would be stored here too.
        let mut world = World::on(Stage::with_own_topics(), Settings::new()).await;
        let ada = world.person_as("ada", WorkspaceRole::Admin).await;
        let (bob, carol) = (world.person("bob").await, world.person("carol").await);
        let channel = world.channel(ChannelKind::Private, &[&ada, &bob]).await;
        let root = ada.says(channel, "root").await.text("/id");
        ada.client.put(&format!("/messages/{root}"), &json!({ "content": "edited" })).await.expect(200);
        ada.client.post(&format!("/messages/{root}/pin"), &json!({})).await.expect(200);
        let reply = bob.replies(&root, "reply").await.text("/id");
        let reaction = react(&bob, &root).await;
        let workspace = world.workspace_id.to_string();

        world.workspace_id = WorkspaceId::generate(&SystemClock);
        let eve = world.person_as("eve", WorkspaceRole::Owner).await;
        let own_channel = world.channel(ChannelKind::Private, &[&eve]).await;
        let own_message = eve.says(own_channel, "mine").await.text("/id");
        let own_channel = own_channel.to_string();
        Self {
            world,
            ada,
            bob,
            carol,
            eve,
            workspace,
            channel,
            root,
            reply,
            reaction,
            own_channel,
            own_message,
        }
    }

    /// What Eve may name.
    fn own(&self) -> [(&str, &str); 3] {
        [("channel_id", &self.own_channel), ("message_id", &self.own_message), EMOJI]
    }
}

/// Reacts, and says which reaction it is.
async fn react(person: &Person, message: &str) -> String {
    let path = format!("/messages/{message}/reactions");
    person.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201).text("/id")
}

fn scene<'a>(
    what: &'a str,
    person: &Person,
    ids: &'a [(&'a str, &'a str)],
    own: &'a [(&'a str, &'a str)],
    told: Told,
) -> Foreign<'a> {
    Foreign { what, client: person.client.clone(), ids, own, told, unless: &[] }
}

/// C-3, C-6, T-4: whoever is not in a workspace is told of its channels, messages and reactions what he is told of nothing; a
/// member of it, and who was in the channel, that it is closed. Nothing changes and nothing is logged.
#[actix_web::test]
async fn what_belongs_to_others_is_as_good_as_nothing() {
    let fixture = Fixture::make().await;
    let Fixture { world, ada, bob, carol, eve, workspace, root, reply, reaction, .. } = &fixture;
    world.remove(fixture.channel, bob).await;
    let public = world.public(&[ada, carol]).await.to_string();
    let channel = fixture.channel.to_string();
    let all = [
        ("channel_id", channel.as_str()),
        ("message_id", root),
        ("thread_id", root),
        ("reaction_id", reaction),
        ("workspace_id", workspace),
        ("X-Workspace-Id", workspace),
    ];
    let replied = [("message_id", reply.as_str()), ("thread_id", reply)];
    let closed = [("channel_id", channel.as_str()), ("message_id", root), ("reaction_id", reaction)];
    let thread = [("thread_id", root.as_str())];
    let (own, emoji, inside) = (fixture.own(), [EMOJI], [("channel_id", public.as_str())]);
    world.published().await;
    assert_foreign_ids(
        &world.messaging,
        &[
            scene("an outsider", eve, &all, &own, Told::Nothing),
            scene("an outsider, a reply", eve, &replied, &own, Told::Nothing),
            scene("a member outside the channel", carol, &closed, &emoji, Told::Forbidden),
            scene("a member outside the channel, a reply", carol, &replied[..1], &emoji, Told::Forbidden),
            scene("a member in another channel, a thread", carol, &thread, &inside, Told::Nothing),
            scene("who was in the channel", bob, &closed, &emoji, Told::Forbidden),
            scene("who was in the channel, his reply", bob, &replied[..1], &emoji, Told::Forbidden),
        ],
    )
    .await;
    fixture.world.finish().await;
}

/// M-5, M-7, T-4: a message that was deleted and a reaction that was taken back are as good as nothing, but for their place in
/// the history of who may read it.
#[actix_web::test]
async fn what_is_gone_is_as_good_as_nothing() {
    let fixture = Fixture::make().await;
    let Fixture { world, ada, bob, carol, eve, workspace, root, reply, reaction, .. } = &fixture;
    let delete = async |person: &Person, path: &str| person.client.delete(path).await.expect(204);
    delete(bob, &format!("/reactions/{reaction}")).await;
    delete(bob, &format!("/messages/{reply}")).await;
    delete(ada, &format!("/messages/{root}")).await;
    let channel = fixture.channel.to_string();
    let deleted = [
        ("message_id", root.as_str()),
        ("thread_id", root),
        ("reaction_id", reaction),
        ("channel_id", &channel),
        ("workspace_id", workspace),
        ("X-Workspace-Id", workspace),
    ];
    let replied = [("message_id", reply.as_str()), ("thread_id", reply)];
    let (emoji, own, inside) = ([EMOJI], fixture.own(), [("channel_id", channel.as_str()), EMOJI]);
    let unless = [
        // They show that something was said, and keep the thread.
        ("GET /messages/{message_id}", 200),
        ("GET /messages/{message_id}/threads", 200),
        // In the words of the field that names a thread.
        ("POST /messages/{message_id}/threads", 400),
    ];
    let seen = |what, ids| Foreign { unless: &unless, ..scene(what, ada, ids, &inside, Told::Nothing) };
    world.published().await;
    assert_foreign_ids(
        &world.messaging,
        &[
            seen("its author, a message", &deleted[..2]),
            seen("who keeps order, a reply", &replied),
            scene("whose it was, a reaction", bob, &deleted[2..3], &[], Told::Nothing),
            scene("a member outside the channel, a message", carol, &deleted[..1], &emoji, Told::Forbidden),
            scene("an outsider, a message", eve, &deleted, &own, Told::Nothing),
            scene("an outsider, a reply", eve, &replied, &own, Told::Nothing),
        ],
    )
    .await;
    fixture.world.finish().await;
}
