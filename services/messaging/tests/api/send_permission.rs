use colink_core::clock::SystemClock;
use colink_core::id::ChannelId;
use colink_core::permission::{Action, Decision, Scopes, Standing, decide};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use serde_json::json;

use crate::harness::World;

fn standings() -> Vec<Standing> {
    let options =
        |some: &mut dyn Iterator<Item = _>| std::iter::once(None).chain(some.map(Some)).collect::<Vec<_>>();
    let workspaces = options(&mut WorkspaceRole::ALL.iter().copied());
    let mut all = Vec::new();
    for workspace in workspaces {
        let seats: Vec<Option<ChannelRole>> =
            std::iter::once(None).chain(ChannelRole::ALL.iter().copied().map(Some)).collect();
        for channel in seats {
            for kind in ChannelKind::ALL.iter().copied() {
                for archived in [false, true] {
                    for realm_admin in [false, true] {
                        let scopes = Scopes::ALL;
                        all.push(Standing { realm_admin, workspace, channel, kind, archived, scopes });
                    }
                }
            }
        }
    }
    all
}

/// C-5, T-4: for every standing there is, the send statement stores a message exactly when `decide(SendMessage)` allows
/// it, and the refusal is the one that `decide` names. (The rows are written here as their events would write them.)
#[actix_web::test]
async fn the_send_statement_decides_as_decide_does() {
    let world = World::new().await;
    let person = world.stranger("ada").await;
    let admin = world.stage.identity().admin("root");
    let admin_client = world.messaging.client(&admin);
    let all = standings();
    assert_eq!(all.len(), 6 * 4 * 3 * 2 * 2);
    for standing in all {
        let channel = ChannelId::generate(&SystemClock);
        let (user_id, client) =
            if standing.realm_admin { (admin.id, &admin_client) } else { (person.id(), &person.client) };
        write(&world, channel, user_id, &standing).await;
        let answer = client.post(&format!("/channels/{channel}/messages"), &json!({ "content": "hi" })).await;
        let wanted = match decide(&standing, Action::SendMessage) {
            Decision::Allow | Decision::AllowAsRealmAdmin => 201,
            Decision::Forbid => 403,
            Decision::Hide => 404,
        };
        assert_eq!(answer.status, wanted, "{standing:?}");
        let stored = world.count("select count(*) from channel_events where channel_id = $1", channel).await;
        assert_eq!(stored, i64::from(wanted == 201), "{standing:?}");
    }
    world.finish().await;
}

async fn write(world: &World, channel: ChannelId, user_id: colink_core::id::UserId, standing: &Standing) {
    let workspace = colink_core::id::WorkspaceId::generate(&SystemClock);
    sqlx::query(
        "with head as (
             insert into channel_heads (channel_id, workspace_id, kind, archived, version, shard)
             values ($1, $2, $3, $4, 1, $8)
         ), seat as (
             insert into channel_members (channel_id, user_id, role, active, version)
             values ($1, $5, coalesce($6, 'member'), $6 is not null, 1)
         )
         insert into workspace_members (workspace_id, user_id, role, active, version)
         values ($2, $5, coalesce($7, 'member'), $7 is not null, 1)",
    )
    .bind(channel.as_uuid())
    .bind(workspace.as_uuid())
    .bind(standing.kind.as_str())
    .bind(standing.archived)
    .bind(user_id.as_uuid())
    .bind(standing.channel.map(ChannelRole::as_str))
    .bind(standing.workspace.map(WorkspaceRole::as_str))
    .bind(colink_bus::shard::shard_of_channel(channel))
    .execute(world.db())
    .await
    .unwrap();
}
