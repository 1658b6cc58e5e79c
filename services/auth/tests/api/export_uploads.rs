//! What runs of an export that are cut off leave in the storage.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::ManualClock;
use colink_store::s3::{ObjectStore, S3Config};
use colink_test::{BUCKET, Environment, SOON, eventually};
use serde_json::json;

use crate::export_jobs::{PAST_LEASE, again, await_job, job};
use crate::exports::{ready, request};
use crate::harness::{Person, Session, World, clock, settings};

/// The storage, as the service reaches it.
async fn storage() -> ObjectStore {
    let value = |name: &str| Environment::get().value(name).to_owned();
    let config = S3Config {
        endpoint: Some(value("COLINK_S3_ENDPOINT")),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: Some(value("COLINK_S3_ACCESS_KEY").into()),
        secret_key: Some(value("COLINK_S3_SECRET_KEY").into()),
        path_style: true,
    };
    ObjectStore::connect(&config).await.unwrap()
}

/// An export whose process was killed while it wrote the archive.
struct CutOff {
    world: World,
    clock: Arc<ManualClock>,
    storage: ObjectStore,
    ada: Person,
    session: Session,
    export_id: String,
    object_key: String,
}

impl CutOff {
    async fn start() -> Self {
        let (clock, storage) = (clock(), storage().await);
        let settings = settings().clock(clock.clone()).set("internal.timeout_ms", 60_000);
        let mut world = World::with(settings).await;
        let (ada, session) = world.signed_in("ada").await;
        world.peers.hold(true);
        let export_id = request(&session).await.expect(202).text("/export_id");
        await_job(&world, "it is being made", |row| row.0 == "running").await;
        let object_key: String =
            sqlx::query_scalar("select object_key from exports").fetch_one(world.database()).await.unwrap();
        eventually("the upload is begun", SOON, async || {
            (storage.list_uploads(&object_key).await.unwrap().len() == 1).then_some(())
        })
        .await;
        world.service.kill().await;
        assert_eq!(job(&world).await.0, "running");
        world.peers.hold(false);
        Self { world, clock, storage, ada, session, export_id, object_key }
    }

    async fn uploads(&self) -> usize {
        self.storage.list_uploads(&self.object_key).await.unwrap().len()
    }

    async fn await_no_upload(&self) {
        eventually("no upload is left", SOON, async || (self.uploads().await == 0).then_some(())).await;
    }
}

/// the run that follows gives up what the one before has left, and makes the archive.
#[tokio::test]
async fn the_next_run_gives_up_the_upload_of_the_one_before() {
    let mut cut = CutOff::start().await;
    assert_eq!(cut.uploads().await, 1);
    cut.clock.advance(PAST_LEASE);
    cut.world.service.restart().await;
    ready(&cut.world.login(&cut.ada).await, &cut.export_id).await;
    assert_eq!(cut.uploads().await, 0);
    assert!(cut.storage.head(&cut.object_key).await.unwrap().is_some());
}

/// a run that fails by itself leaves nothing.
#[tokio::test]
async fn a_run_that_fails_leaves_no_upload() {
    let storage = storage().await;
    let world = World::with(settings().set("internal.messaging_url", "http://127.0.0.1:1")).await;
    let (_, session) = world.signed_in("ada").await;
    request(&session).await.expect(202);
    await_job(&world, "a failed attempt", |row| row.2.is_some()).await;
    let object_key: String =
        sqlx::query_scalar("select object_key from exports").fetch_one(world.database()).await.unwrap();
    assert_eq!(storage.list_uploads(&object_key).await.unwrap().len(), 0);
}

/// when no run follows, because the export is given up, the upload goes with the note that it has failed.
#[tokio::test]
async fn an_export_that_is_given_up_leaves_no_upload() {
    let mut cut = CutOff::start().await;
    sqlx::query("update jobs set max_attempts = 1 where kind = 'make_export'")
        .execute(cut.world.database())
        .await
        .unwrap();
    cut.clock.advance(PAST_LEASE);
    cut.world.service.restart().await;
    await_job(&cut.world, "it is given up", |row| row.0 == "dead").await;
    cut.clock.advance(Duration::from_secs(61));
    cut.await_no_upload().await;
    let path = format!("/users/me/exports/{}", cut.export_id);
    let session = again(&cut.world, &cut.session);
    eventually("the export has failed", SOON, async || {
        (session.client.get(&path).await.text("/status") == "failed").then_some(())
    })
    .await;
}

/// with an erased user goes what was left of his archive.
#[tokio::test]
async fn an_erased_user_leaves_no_upload() {
    let mut cut = CutOff::start().await;
    cut.world.service.restart().await;
    let session = cut.world.login(&cut.ada).await;
    assert_eq!(cut.uploads().await, 1);
    let body = json!({ "username": cut.ada.username });
    session.client.post("/users/me/erase", &body).await.expect(204);
    cut.await_no_upload().await;
    cut.clock.advance(PAST_LEASE);
    await_job(&cut.world, "the job ends", |row| row.0 == "done").await;
    assert_eq!(cut.uploads().await, 0);
    assert!(cut.storage.head(&cut.object_key).await.unwrap().is_none());
}
