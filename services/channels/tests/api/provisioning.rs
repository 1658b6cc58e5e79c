//! Users whom a workspace's identity provider brought.

use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{UserId, WorkspaceId};
use colink_events::channels::MemberJoined;
use colink_events::users::{UserPayload, UserProvisioned, UserRegistered};
use colink_events::{Cause, Event, Topic};
use colink_telemetry::Metrics;
use colink_test::{Environment, SOON, TestUser, eventually};
use reqwest::StatusCode;

use crate::harness::World;

struct Auth(Producer);

impl Auth {
    fn beside(world: &World) -> Self {
        let mut config = KafkaConfig::new(Environment::get().kafka());
        config.topic_prefix = world.service.stage().topic_prefix().to_owned();
        Self(Producer::new(&config, &Metrics::new("test").expect("metrics")).expect("a producer"))
    }

    async fn publish<E: Event>(&self, event: &E) {
        let outgoing = OutgoingEvent::seal(event, &Cause::default(), &SystemClock).expect("an envelope");
        self.0.send(&outgoing).await.expect("a published event");
    }

    async fn provision(&self, user: &TestUser, workspace: &str) {
        let workspace_id: WorkspaceId = workspace.parse().expect("an id");
        let (provider, at) = ("sso".to_owned(), SystemClock.timestamp());
        self.publish(&UserProvisioned { user_id: user.id, workspace_id, provider, at }).await;
    }

    /// Waits until everything that was published about the user before has had its effect.
    async fn settle(&self, world: &World, user: &TestUser) {
        let display_name = format!("Marker {}", colink_test::unique());
        let profile = UserPayload {
            user_id: user.id,
            username: user.username.clone(),
            display_name: display_name.clone(),
            avatar_url: None,
            bot: false,
            status: None,
            time_zone: None,
            version: SystemClock.now().timestamp_micros(),
            at: SystemClock.timestamp(),
        };
        self.publish(&UserRegistered(profile)).await;
        eventually("the profile", SOON, async || {
            let found: Option<String> = sqlx::query_scalar("select display_name from users where id = $1")
                .bind(user.id.as_uuid())
                .fetch_optional(world.service.database())
                .await
                .expect("a query");
            (found.as_ref() == Some(&display_name)).then_some(())
        })
        .await;
    }
}

async fn status(world: &World, workspace: &str, user: UserId) -> StatusCode {
    world
        .service
        .internal("auth")
        .get(&format!("/internal/workspaces/{workspace}/members/{user}"))
        .await
        .status
}

/// A-10, W-3: a provisioned user becomes a member of the workspace and its default channels, once.
#[tokio::test]
async fn a_provisioned_user_becomes_a_member() {
    let world = World::start().await;
    let owner = world.user("owner");
    let workspace = world.workspace(&owner).await;
    let (auth, ada) = (Auth::beside(&world), world.user("ada"));
    auth.provision(&ada, &workspace).await;
    auth.provision(&ada, &workspace).await;
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (joined, _) = probe.await_event::<MemberJoined>(|event| event.0.user_id == ada.id).await;
    assert_eq!((joined.0.workspace_id.to_string(), joined.0.version), (workspace.clone(), 1));
    let client = world.client(&ada);
    let general = world.general(&owner, &workspace).await;
    client.get(&format!("/channels/{general}")).await.expect(200);

    // Whoever was removed stays away, whatever the provider says or a repeated event does.
    auth.settle(&world, &ada).await;
    world.client(&owner).delete(&format!("/workspaces/{workspace}/members/{}", ada.id)).await.expect(204);
    auth.provision(&ada, &workspace).await;
    auth.settle(&world, &ada).await;
    assert_eq!(status(&world, &workspace, ada.id).await, 404);
}

/// a workspace that is full, deleted or unknown takes nobody, and holds nothing else up.
#[tokio::test]
async fn a_workspace_that_takes_nobody_holds_nothing_up() {
    let world = World::start().await;
    let owner = world.user("owner");
    let (full, deleted) = (world.workspace(&owner).await, world.workspace(&owner).await);
    sqlx::query("update workspaces set member_limit = 1 where id::text = $1")
        .bind(&full)
        .execute(world.service.database())
        .await
        .expect("an update");
    world.client(&owner).delete(&format!("/workspaces/{deleted}")).await.expect(204);
    let (auth, ada) = (Auth::beside(&world), world.user("ada"));
    let unknown = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
    for workspace in [full.as_str(), deleted.as_str(), unknown] {
        auth.provision(&ada, workspace).await;
    }
    auth.settle(&world, &ada).await;
    assert_eq!(status(&world, &full, ada.id).await, 404);
}

/// W-1, A-10: a slug leads to its workspace, for other services only.
#[tokio::test]
async fn a_slug_leads_to_its_workspace() {
    let world = World::start().await;
    let owner = world.user("owner");
    let workspace = world.workspace(&owner).await;
    let slug = world.client(&owner).get(&format!("/workspaces/{workspace}")).await.expect(200).text("/slug");
    let auth = world.service.internal("auth");
    let path = format!("/internal/workspaces/by-slug/{slug}");
    assert_eq!(auth.get(&path).await.expect(200).text("/workspace_id"), workspace);
    auth.get("/internal/workspaces/by-slug/nobody-has-this").await.expect(404);
    world.client(&owner).get(&path).await.expect(401);
    world.client(&owner).delete(&format!("/workspaces/{workspace}")).await.expect(204);
    auth.get(&path).await.expect(404);
}
