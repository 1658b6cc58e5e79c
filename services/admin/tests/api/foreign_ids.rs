//! Ids of what others did, at every endpoint.

use colink_test::{Client, Foreign, Settings, Stage, Told, assert_foreign_ids};

use crate::harness::{World, by};

/// D-3, T-4: to everybody but administrators the log is closed, also to whoever stands in it, and whatever is asked for, be it
/// there or not. What is in the log is found under its own kind of id alone. Nothing changes.
#[actix_web::test]
async fn the_log_is_closed_whatever_is_asked_for() {
    // What other tests publish would be recorded here too.
    let world = World::on(Stage::with_own_topics(), Settings::new()).await;
    let [ann, ben, eve] = ["ann", "ben", "eve"].map(|name| world.user(name));
    let entry = world.publish(&world.removal(ben.id), &by(&ann)).await;
    world.entry(entry).await;

    let [entry, workspace, ann_id, ben_id] =
        [entry.to_string(), world.workspace_id.to_string(), ann.id.to_string(), ben.id.to_string()];
    let recorded = [
        ("id", entry.as_str()),
        ("workspace_id", &workspace),
        ("user_id", &ann_id),
        ("resource_id", &ben_id),
    ];
    let mistaken = [
        ("id", workspace.as_str()),
        ("workspace_id", &entry),
        ("user_id", &ben_id),
        ("resource_id", &ann_id),
    ];
    let scene = |what, client: Client, ids, told| Foreign { what, client, ids, own: &[], told, unless: &[] };
    let of = |user| world.admin.client(user);
    let key = world.stage.identity().mint(&ann).claim("scope", "messages:read users:read").sign();
    assert_foreign_ids(
        &world.admin,
        &[
            scene("who did it", of(&ann), &recorded, Told::Closed),
            scene("whom it was done to", of(&ben), &recorded, Told::Closed),
            scene("an outsider", of(&eve), &recorded, Told::Closed),
            scene("a key without the scope", world.admin.anonymous().bearer(&key), &recorded, Told::Closed),
            scene("an administrator, ids of other kinds", world.root.clone(), &mistaken, Told::Nothing),
        ],
    )
    .await;
    // Who may, finds it by each: there was something to be found.
    for (name, id) in &recorded[1..] {
        assert_eq!(world.ids(&format!("{name}={id}")).await, [entry.as_str()], "{name}");
    }
    world.finish().await;
}
