//! Ids of what belongs to others, in every parameter of a search.

use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_events::files::FileUploaded;
use colink_test::{Foreign, SOON, Stage, Told, assert_foreign_ids, eventually};

use crate::harness::World;

/// S-3, T-4: who looks in a workspace, in a channel or for an author that he may not find is told what he is told of nothing.
#[tokio::test]
async fn what_belongs_to_others_is_as_good_as_nothing() {
    // What other tests publish would be indexed here too.
    let world = World::on(Stage::with_own_topics()).await;
    world.await_channels().await;
    world.write(world.secret, 1, &["hidden plan"]).await;
    let file = world.file(world.secret, &world.ada, "plan.pdf");
    world.publish(&file).await;
    await_file(&world, &file).await;
    let eve = world.stage.identity().user("eve");
    let elsewhere = WorkspaceId::generate(&SystemClock);
    world.channels.open(elsewhere, eve.id, ChannelId::generate(&SystemClock), "public");

    let [workspace, secret, ada] =
        [world.workspace.to_string(), world.secret.to_string(), world.ada.id.to_string()];
    let elsewhere = elsewhere.to_string();
    let all = [
        ("workspace_id", workspace.as_str()),
        ("X-Workspace-Id", &workspace),
        ("channel_id", &secret),
        ("in", &secret),
        ("user_id", &ada),
        ("from", &ada),
    ];
    let channel = [("channel_id", secret.as_str()), ("in", &secret)];
    let mut scenes = Vec::new();
    let tabs = ["messages", "files"];
    let own = tabs.map(|tab| [("q", "plan"), ("tab", tab), ("workspace_id", elsewhere.as_str())]);
    let inside = tabs.map(|tab| [("q", "plan"), ("tab", tab), ("workspace_id", workspace.as_str())]);
    for (own, inside) in own.iter().zip(&inside) {
        let scene = |what, user, ids, own| {
            let client = world.search.client(user);
            Foreign { what, client, ids, own, told: Told::Nothing, unless: &[] }
        };
        scenes.push(scene("an outsider", &eve, &all[..], &own[..]));
        scenes.push(scene("a member outside the channel", &world.bob, &channel[..], &inside[..]));
    }
    assert_foreign_ids(&world.search, &scenes).await;
    // Who may, finds both: there was something to be found.
    for tab in tabs {
        let found = world.ask(&world.ada, &[("q", "plan"), ("tab", tab), ("in", &secret)]).await.expect(200);
        assert!(found.value("/items/0").is_object(), "{found}");
    }
    world.search.finish().await;
}

async fn await_file(world: &World, uploaded: &FileUploaded) {
    eventually("the file is indexed", SOON, async || {
        let found: i64 = sqlx::query_scalar("select count(*) from files where file_id = $1")
            .bind(uploaded.file.id.as_uuid())
            .fetch_one(world.search.database())
            .await
            .unwrap();
        (found == 1).then_some(())
    })
    .await;
}
