//! Ids of what belongs to others or is gone, at every endpoint.

use colink_core::clock::SystemClock;
use colink_core::id::WorkspaceId;
use colink_test::{Foreign, SOON, Settings, Stage, TestUser, Told, assert_foreign_ids, eventually};

use crate::harness::{TEXT, World};

/// Files that live and files that do not, and a place of Eve's.
struct Fixture {
    world: World,
    uploaded: String,
    pending: String,
    deleted: String,
    elsewhere: String,
}

impl Fixture {
    async fn make() -> Self {
        // The sweeps, and the users of other tests, would change what is compared.
        let settings = Settings::new().set("files.sweep_every_ms", 3_600_000);
        let world = World::on(Stage::with_own_topics(), settings).await;
        let uploaded = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
        let pending = world.pending(&world.alice, "draft.txt", "text/plain", TEXT).await;
        let deleted = world.uploaded(&world.alice, "gone.txt", "text/plain", TEXT).await;
        let _ = world.client(&world.alice).delete(&format!("/files/{deleted}")).await.expect(204);
        let elsewhere = WorkspaceId::generate(&SystemClock);
        let channel = world.channels.channel(elsewhere, "private");
        world.channels.join(channel, world.eve.id, "owner");
        for id in [&uploaded, &deleted] {
            eventually("its events are published", SOON, async || {
                let document = world.document(id).await?;
                let is_quiet = !document.contains_key("relay_due") && !document.contains_key("relay_owner");
                is_quiet.then_some(())
            })
            .await;
        }
        Self { world, uploaded, pending, deleted, elsewhere: elsewhere.to_string() }
    }
}

/// F-5, F-6, T-4: files of a channel that is closed, of an upload that is not confirmed and of the past are as good as none;
/// a member of the workspace is told that the channel is closed. Nothing changes.
#[tokio::test]
async fn what_belongs_to_others_or_is_gone_is_as_good_as_nothing() {
    let Fixture { world, uploaded, pending, deleted, elsewhere } = Fixture::make().await;
    let [channel, workspace, alice] =
        [world.channel.id.to_string(), world.channel.workspace_id.to_string(), world.alice.id.to_string()];
    let all = [
        ("file_id", uploaded.as_str()),
        ("channel_id", &channel),
        ("workspace_id", &workspace),
        ("user_id", &alice),
    ];
    let closed = [("file_id", uploaded.as_str()), ("channel_id", &channel)];
    let (pending, deleted) = ([("file_id", pending.as_str())], [("file_id", deleted.as_str())]);
    let own = [("workspace_id", elsewhere.as_str())];
    let scene = |what, user: &TestUser, ids, own, told| {
        let client = world.client(user);
        Foreign { what, client, ids, own, told, unless: &[] }
    };
    assert_foreign_ids(
        &world.files,
        &[
            scene("an outsider", &world.eve, &all[..], &[][..], Told::Nothing),
            scene("an outsider in his own workspace", &world.eve, &all, &own, Told::Nothing),
            scene("a member outside the channel", &world.carol, &closed, &[], Told::Forbidden),
            scene("another member of the channel, an upload", &world.bob, &pending, &[], Told::Nothing),
            scene("a member outside the channel, an upload", &world.carol, &pending, &[], Told::Nothing),
            scene("an outsider, an upload", &world.eve, &pending, &[], Told::Nothing),
            scene("its uploader, a deleted file", &world.alice, &deleted, &[], Told::Nothing),
            scene("a member outside the channel, a deleted file", &world.carol, &deleted, &[], Told::Nothing),
            scene("an outsider, a deleted file", &world.eve, &deleted, &[], Told::Nothing),
        ],
    )
    .await;
    world.files.finish().await;
}
