//! `GET /search?tab=files`.

use colink_events::files::FileDeleted;
use colink_events::users::UserRegistered;
use colink_test::{SOON, eventually};
use serde_json::json;

use crate::harness::{World, profile, time, values};

/// S-1, S-2, S-3
#[tokio::test]
async fn files_are_found_by_their_names_until_they_are_deleted() {
    let world = World::new().await;
    world.await_channels().await;
    world.publish(&UserRegistered(profile(&world.ada, "Ada Lovelace", 1))).await;
    world.await_user(world.ada.id, 1).await;
    let report = world.file(world.general, &world.ada, "Annual_Report-2026.final.pdf");
    let hidden = world.file(world.secret, &world.ada, "report of secrets.pdf");
    let gone = world.file(world.general, &world.ada, "report that went.pdf");
    let deletion = FileDeleted {
        file_id: gone.file.id,
        channel_id: world.general,
        workspace_id: world.workspace,
        deleted_by: Some(world.ada.id),
        at: time(2),
    };
    // The deletion overtakes the upload.
    world.publish(&deletion).await;
    for event in [&gone, &hidden, &report, &report] {
        world.publish(event).await;
    }
    let found = async |user, q| {
        let answer = world.ask(user, &[("tab", "files"), ("q", q)]).await.expect(200);
        values(&answer, "filename")
    };
    eventually("both files are found", SOON, async || {
        (found(&world.ada, "report").await.len() == 2).then_some(())
    })
    .await;
    eventually("the deleted file is known", SOON, async || {
        let deleted: Option<bool> = sqlx::query_scalar("select deleted from files where file_id = $1")
            .bind(gone.file.id.as_uuid())
            .fetch_optional(world.search.database())
            .await
            .unwrap();
        deleted
    })
    .await;
    assert_eq!(found(&world.ada, "went").await, [""; 0]);
    assert_eq!(found(&world.bob, "report").await, ["Annual_Report-2026.final.pdf"]);
    assert_eq!(found(&world.bob, "final 2026").await, ["Annual_Report-2026.final.pdf"]);
    let answer = world.ask(&world.bob, &[("tab", "files"), ("q", "report")]).await.expect(200);
    assert_eq!(answer.value("/items/0/type"), json!("file"));
    assert_eq!(answer.value("/items/0/author/display_name"), json!("Ada Lovelace"));
    assert_eq!(answer.value("/items/0/channel/name"), json!("General Talk"));
    assert_eq!(answer.value("/items/0/highlight"), json!("Annual_<mark>Report</mark>-2026.final.pdf"));
    assert_eq!(answer.value("/items/0/size"), json!(1234));
    assert_eq!(found(&world.bob, "from:\"ada lovelace\"").await, ["Annual_Report-2026.final.pdf"]);

    world.publish(&FileDeleted { file_id: report.file.id, ..deletion }).await;
    eventually("the file is found no more", SOON, async || {
        found(&world.bob, "report").await.is_empty().then_some(())
    })
    .await;
    world.search.finish().await;
}
