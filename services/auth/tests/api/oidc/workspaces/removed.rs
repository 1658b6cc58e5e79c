//! What the end of a workspace does to its providers.

use std::sync::atomic::Ordering;

use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::UserId;
use colink_events::channels::{WorkspaceDeleted, WorkspacePayload};
use colink_events::users::{ProviderUnlinked, SsoProviderChanged};
use colink_events::{Actor, Cause, Envelope, Event, Topic};
use colink_telemetry::Metrics;
use colink_test::{Environment, SOON, Stage, eventually};
use futures_util::future::join;
use serde_json::json;

use super::super::browser::{Browser, code_of};
use super::super::error_of;
use super::super::linking::queued;
use super::super::provider::{LocalProvider, Someone};
use super::company::{Company, SISTER, WORKSPACE, path};
use crate::harness::{Session, World, settings};

const STORED: &str = "select count(*) from oidc_providers where workspace_id::text = $1";
const LINKED: &str = "select count(*) from identities where provider = $1";

/// Channels' stream, with a company on topics of its own: the workspaces of all tests have the same ids.
struct Channels {
    producer: Producer,
    by: UserId,
    owner: UserId,
}

impl Channels {
    async fn beside_a_company() -> (Company, Session, Self) {
        let settings = settings().set("internal.timeout_ms", 15_000);
        let company = Company::on(Stage::with_own_topics(), settings, true).await;
        let operator = company.operator().await;
        let mut config = KafkaConfig::new(Environment::get().kafka());
        config.topic_prefix = company.world.stage.topic_prefix().to_owned();
        let producer = Producer::new(&config, &Metrics::new("channels").unwrap()).unwrap();
        let (by, owner) = (company.admin.user_id.parse().unwrap(), operator.user_id.parse().unwrap());
        (company, operator, Self { producer, by, owner })
    }

    /// Tells that the company's administrator deleted the workspace.
    async fn delete(&self, workspace: &str) {
        let actor = Actor { user_id: Some(self.by), ..Actor::default() };
        self.tell(workspace, &Cause { actor: Some(actor), ..Cause::default() }).await;
    }

    async fn tell(&self, workspace: &str, cause: &Cause) {
        let at = SystemClock.timestamp();
        let workspace = WorkspacePayload {
            id: workspace.parse().unwrap(),
            name: "Acme".to_owned(),
            slug: "acme".to_owned(),
            owner_id: self.owner,
            plan: "free".to_owned(),
            member_limit: None,
            require_mfa: false,
            version: 2,
            created_at: at,
            updated_at: at,
            deleted_at: Some(at),
        };
        let outgoing = OutgoingEvent::seal(&WorkspaceDeleted { workspace }, cause, &SystemClock).unwrap();
        self.producer.send(&outgoing).await.unwrap();
    }
}

async fn removed(world: &World, workspace: &str) {
    let gone = async || (world.count(STORED, workspace).await == 0).then_some(());
    eventually("the providers are gone", SOON, gone).await;
}

/// Once so many events had their effect, and none of another outcome.
async fn handled(world: &World, events: u32) {
    eventually("the events are handled", SOON, async || {
        let metrics = world.anonymous().get("/metrics").await;
        let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
        let of_channels =
            |line: &&str| line.contains("auth-channels") && line.contains("kafka_consumed_total");
        let lines: Vec<&str> = metrics.lines().filter(of_channels).collect();
        let other = |outcome: &str| lines.iter().any(|line| line.contains(outcome));
        assert!(!other("\"parked\"") && !other("\"poison\""), "{lines:?}");
        let done = lines.iter().find(|line| line.contains("outcome=\"handled\""))?;
        (done.rsplit(' ').next() == Some(events.to_string().as_str())).then_some(())
    })
    .await;
}

/// Signs in through a provider of a workspace.
async fn sign_in(world: &World, provider: &LocalProvider, id: &str, someone: &Someone) -> Session {
    let mut browser = Browser::new(world);
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let location = browser.come_back_to(id, &provider.sign_in(&url, someone)).await;
    world.session(&browser.exchange(code_of(&location)).await.expect(200))
}

/// Every event of a type that was put in the outbox, whatever of it is published by now.
async fn events<E: Event>(world: &World) -> Vec<E> {
    let kept = sqlx::query_scalar("select payload from harness.events").fetch_all(world.database());
    let kept: Vec<String> = kept.await.unwrap();
    let envelopes = kept.iter().map(|payload| Envelope::from_slice(payload.as_bytes()).unwrap());
    envelopes.filter_map(|envelope| envelope.open::<E>().ok()).collect()
}

/// The ends of providers among them.
async fn ends(world: &World) -> Vec<SsoProviderChanged> {
    let changes = events::<SsoProviderChanged>(world).await;
    changes.into_iter().filter(|event| event.change == "deleted").collect()
}

/// E-3: with a workspace its providers go, their sealed secrets and who was linked; another workspace's stays. What
/// is asked here of channels' stub says that the workspace is there, so that nothing but the removal is seen.
#[tokio::test]
async fn a_deleted_workspace_takes_its_providers_along() {
    let (company, operator, channels) = Channels::beside_a_company().await;
    let (world, provider) = (&company.world, &company.provider);
    let (id, sister) =
        (company.trusted(&operator, WORKSPACE).await, company.trusted(&operator, SISTER).await);
    company.create(&company.admin.client, &company.body()).await.expect(201);
    let (ada, cleo) = (Someone::named("ada"), Someone::named("cleo"));
    let session = sign_in(world, provider, &id, &ada).await;
    sign_in(world, provider, &sister, &cleo).await;
    let mut browser = Browser::new(world);
    let begun = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let back = browser.come_back_to(&id, &provider.sign_in(&begun, &ada)).await;
    let begun = browser.begin_at(&format!("/auth/oidc/{id}/start")).await;
    let kept =
        "select count(*) from oidc_providers where workspace_id::text = $1 and sealed_client_secret <> ''";
    assert_eq!((world.count(kept, WORKSPACE).await, world.count(kept, SISTER).await), (2, 1));

    channels.delete(WORKSPACE).await;
    removed(world, WORKSPACE).await;
    assert_eq!(world.count(LINKED, &id).await, 0);
    assert_eq!(world.count("select count(*) from oidc_flows where provider = $1", &id).await, 0);
    assert_eq!(browser.exchange(code_of(&back)).await.expect(400).error_fields(), ["code"]);
    let offered = browser.get("/auth/oidc/providers?workspace=acme").await.expect(200);
    assert_eq!(offered.value("/providers"), json!([]));
    browser.get(&format!("/auth/oidc/{id}/start")).await.expect(404);
    assert_eq!(error_of(&browser.come_back_to(&id, &provider.sign_in(&begun, &ada)).await), "expired");
    let listed = operator.client.get(&path(WORKSPACE)).await.expect(200);
    assert_eq!(listed.value("/items"), json!([]));
    // Who is signed in stays so, and sees that the provider is none of his ways in any more.
    let identities = session.client.get("/auth/oidc/identities").await.expect(200);
    assert_eq!(identities.value("/identities"), json!([]));

    assert_eq!((world.count(kept, SISTER).await, world.count(LINKED, &sister).await), (1, 1));
    sign_in(world, provider, &sister, &cleo).await;
}

/// whoever had no other way in than the workspace's provider is told, and sets a password by mail.
#[tokio::test]
async fn whoever_is_left_without_a_way_in_sets_a_password() {
    let (company, operator, channels) = Channels::beside_a_company().await;
    let world = &company.world;
    let id = company.trusted(&operator, WORKSPACE).await;
    let ada = Someone::named("ada");
    let session = sign_in(world, &company.provider, &id, &ada).await;
    channels.delete(WORKSPACE).await;
    let mail = world.mailbox.await_mail(&ada.email, "was unlinked from your account").await;
    assert!(mail.text.lines().any(|line| line == "Acme"), "{}", mail.text);

    world.anonymous().post("/auth/forgot-password", &json!({ "email": ada.email })).await.expect(200);
    let token = world.mailbox.await_mail(&ada.email, "Set a new password").await.token();
    let new = json!({ "token": token, "new_password": "N3w!graphyte" });
    world.anonymous().post("/auth/reset-password", &new).await.expect(200);
    let again = world.session(&world.try_login(&ada.email, "N3w!graphyte").await.expect(200));
    assert_eq!(again.user_id, session.user_id);
}

/// A-10, D-3, E-3: the end of a provider is told once, as that of whoever deleted the workspace, however often the event comes.
#[tokio::test]
async fn a_repeated_end_of_a_workspace_does_nothing() {
    let (company, operator, channels) = Channels::beside_a_company().await;
    let world = &company.world;
    let id = company.trusted(&operator, WORKSPACE).await;
    let ada = sign_in(world, &company.provider, &id, &Someone::named("ada")).await;
    for _ in 0..3 {
        channels.delete(WORKSPACE).await;
    }
    channels.delete(SISTER).await;
    handled(world, 4).await;
    let told = ends(world).await;
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&told.provider, told.user_id, told.trusted), (&id, channels.by, true));
    let mut users = world.stage.probe(Topic::Users).await;
    let (_, envelope) = users.await_event::<SsoProviderChanged>(|event| event.change == "deleted").await;
    assert_eq!(envelope.actor.unwrap().user_id, Some(channels.by));
    assert_eq!(envelope.workspace_id.unwrap().to_string(), WORKSPACE);
    let unlinked: Vec<_> = events::<ProviderUnlinked>(world).await;
    let [unlinked] = unlinked.as_slice() else { panic!("{unlinked:?}") };
    assert_eq!((unlinked.user_id.to_string(), &unlinked.provider), (ada.user_id, &id));
    assert_eq!(queued(world, "provider_unlinked").await, 1);
}

/// A-10, E-3: a company of many people goes in several transactions; a try that fails loses nothing and repeats nothing. What
/// the system itself deleted is told as its owner's.
#[tokio::test]
async fn a_removal_that_fails_goes_on_where_it_stopped() {
    let (company, _, channels) = Channels::beside_a_company().await;
    let world = &company.world;
    let id = company.create(&company.admin.client, &company.body()).await.expect(201).text("/id");
    sqlx::raw_sql(
        "insert into users (id, username, display_name, realm_roles, version, created_at, updated_at)
         select gen_random_uuid(), 'crowd.' || n, 'Somebody', '{user}', 1, now(), now() from generate_series(1, 250) n;
         insert into identities (provider, subject, user_id, linked_at)
         select p.id::text, u.username, u.id, now() from oidc_providers p, users u where u.username like 'crowd.%';
         create sequence tries;
         create function fail_once() returns trigger language plpgsql as $$
         begin if nextval('tries') = 1 then raise exception 'the line is cut'; end if; return old; end $$;
         create trigger fail_once before delete on oidc_providers for each row execute function fail_once();",
    )
    .execute(world.database())
    .await
    .unwrap();
    channels.tell(WORKSPACE, &Cause::default()).await;
    removed(world, WORKSPACE).await;
    handled(world, 1).await;
    assert_eq!(world.count(LINKED, &id).await, 0);
    assert_eq!(queued(world, "provider_unlinked").await, 250);
    assert_eq!(world.count("select last_value from tries where $1 <> ''", "x").await, 2);
    assert_eq!(events::<ProviderUnlinked>(world).await.len(), 250);
    assert_eq!(ends(world).await.iter().map(|event| event.user_id).collect::<Vec<_>>(), [channels.owner]);
}

/// a provider that is added while its workspace goes away is removed with it; after that none is added.
#[tokio::test]
async fn a_provider_that_is_just_added_goes_with_its_workspace() {
    let (company, operator, channels) = Channels::beside_a_company().await;
    let (world, roles, client) = (&company.world, &company.roles, &company.admin.client);
    // From here on the consumer is known to read.
    company.trusted(&operator, SISTER).await;
    channels.delete(SISTER).await;
    removed(world, SISTER).await;

    let (before, held) = (roles.asked.load(Ordering::SeqCst), roles.answers.lock().await);
    let meanwhile = async {
        roles.await_question(before).await;
        channels.delete(WORKSPACE).await;
        eventually("the consumer waits for the list", SOON, async || {
            let waiting = "select count(*) from pg_locks l join pg_database d on d.oid = l.database
                            where d.datname = current_database() and l.locktype = $1 and not l.granted";
            (world.count(waiting, "advisory").await == 1).then_some(())
        })
        .await;
        drop(held);
    };
    let body = company.body();
    let (created, ()) = join(company.create(client, &body), meanwhile).await;
    created.expect(201);
    removed(world, WORKSPACE).await;

    roles.just_deleted.store(true, Ordering::SeqCst);
    let refused = company.create(client, &body).await.expect(404);
    assert_eq!(refused.error_fields(), ["workspace_id"]);
    assert_eq!(world.count(STORED, WORKSPACE).await, 0);
}

/// whoever comes back from a provider that is removed in this moment is too late: no account is made or linked.
#[tokio::test]
async fn a_sign_in_does_not_outlive_its_provider() {
    let company = Company::start(true).await;
    let operator = company.operator().await;
    let (world, roles) = (&company.world, &company.roles);
    let id = company.trusted(&operator, WORKSPACE).await;
    let ada = Someone::named("ada");
    let mut browser = Browser::new(world);
    let url = browser.begin_at(&format!("/auth/oidc/{id}/start?return_to=/channels")).await;
    let query = company.provider.sign_in(&url, &ada);

    let (before, held) = (roles.asked.load(Ordering::SeqCst), roles.answers.lock().await);
    let meanwhile = async {
        roles.await_question(before).await;
        company.admin.client.delete(&format!("{}/{id}", path(WORKSPACE))).await.expect(204);
        drop(held);
    };
    let (location, ()) = join(browser.come_back_to(&id, &query), meanwhile).await;
    assert_eq!(error_of(&location), "expired");
    assert_eq!(world.count(LINKED, &id).await, 0);
    assert_eq!(world.count("select count(*) from users where email = $1", &ada.email).await, 0);
}
